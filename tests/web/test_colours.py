"""A brand colour is legible whatever it is, and itself wherever it can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.business.colours import (
    DARK_PAGE,
    LIGHT_PAGE,
    TEXT_CONTRAST,
    accents,
    contrast,
)
from tests.availability.properties import examples

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    "one, other, ratio",
    [
        ("#ffffff", "#000000", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # the grey that just fails, as the guidelines' tools have it
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.00),
    ],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@examples(300)
@given(COLOURS)
def test_text_can_be_read_in_any_colour_on_either_page_and_on_it(brand: str) -> None:
    light, dark = accents(brand)
    assert contrast(light.colour, LIGHT_PAGE) >= TEXT_CONTRAST
    assert contrast(dark.colour, DARK_PAGE) >= TEXT_CONTRAST
    for accent in (light, dark):
        assert contrast(accent.colour, accent.text) >= TEXT_CONTRAST


@examples(200)
@given(COLOURS)
def test_a_colour_that_can_be_read_is_left_as_it_is(brand: str) -> None:
    light, dark = accents(brand)
    if contrast(brand, LIGHT_PAGE) >= TEXT_CONTRAST:
        assert light.colour == brand
    if contrast(brand, DARK_PAGE) >= TEXT_CONTRAST:
        assert dark.colour == brand
