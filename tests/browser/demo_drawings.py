"""The demo salon's pictures, as SVG: the room, its people, and what they do."""

from __future__ import annotations

SAND, CLAY, RUST, PINE, CREAM, INK = (
    "#ecdcc8", "#d9a17f", "#9c4a2f", "#2e5448", "#f8f1e7", "#3a2a24",
)  # fmt: skip


def _mirror(x: int) -> str:
    """A round mirror with a lamp above, a shelf below and a chair in front."""
    return f"""
<g transform="translate({x} 0)">
<line x1="0" y1="0" x2="0" y2="82" stroke="{INK}" stroke-width="3"/>
<path d="M-34 112a34 34 0 0 1 68 0z" fill="{RUST}"/><ellipse cx="0" cy="113" rx="34" ry="6" fill="#ffe2a8"/>
<path d="M-34 113 L-120 400 L120 400 L34 113z" fill="url(#beam)"/>
<circle cx="0" cy="268" r="118" fill="#b98a5e"/><circle cx="0" cy="268" r="110" fill="url(#glass)"/>
<path d="M-70 318 L40 208 M-40 338 L80 218" stroke="#fff" stroke-opacity=".45" stroke-width="12" stroke-linecap="round"/>
<rect x="-130" y="420" width="260" height="16" rx="4" fill="#8a5f3f"/>
<rect x="-104" y="372" width="20" height="48" rx="5" fill="{PINE}"/><rect x="-99" y="360" width="10" height="14" fill="{INK}"/>
<rect x="-76" y="384" width="24" height="36" rx="6" fill="{CLAY}"/><rect x="-70" y="374" width="12" height="12" fill="{CREAM}"/>
<path d="M84 420c-4-30-2-44 4-58 8 12 10 34 4 58z" fill="#c9b08f"/><rect x="62" y="392" width="16" height="28" rx="3" fill="#f3e8d8"/>
<g><path d="M-78 486q0-26 26-26h104q26 0 26 26v66q0 24-24 24h-108q-24 0-24-24z" fill="{RUST}"/>
<path d="M-64 492q0-18 18-18h92q18 0 18 18v46h-128z" fill="#b25c3d"/>
<rect x="-104" y="530" width="34" height="18" rx="9" fill="#5b3a2c"/><rect x="70" y="530" width="34" height="18" rx="9" fill="#5b3a2c"/>
<rect x="-84" y="558" width="168" height="34" rx="16" fill="#8a3f27"/>
<rect x="-9" y="592" width="18" height="58" fill="#8d8780"/><ellipse cx="0" cy="654" rx="66" ry="13" fill="#6f6a64"/></g>
</g>"""


def _leaves(x: int, y: int, size: float) -> str:
    """A plant of long leaves in a pot."""
    blades = "".join(
        f'<path d="M0 0C{bend * 34} -60 {bend * 74} -110 {bend * 96} -{top}C{bend * 40} -{top - 20} {bend * 10} -80 0 0z" fill="{fill}"/>'
        for bend, top, fill in (
            (-1.2, 150, "#3d6b58"), (1.2, 160, "#356150"), (-0.75, 225, "#2e5448"),
            (0.8, 235, "#3d6b58"), (-0.25, 275, "#356150"), (0.3, 265, "#2a4d42"),
        )
    )  # fmt: skip
    return f'<g transform="translate({x} {y}) scale({size})">{blades}<path d="M-52 -8h104l-14 96h-76z" fill="{CLAY}"/><path d="M-58 -18h116v22h-116z" fill="#c98c68"/></g>'


COVER = f"""
<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="720" viewBox="0 0 1600 720">
<defs>
<linearGradient id="wall" x1="0" x2="1"><stop offset="0" stop-color="#f6e9d7"/><stop offset="1" stop-color="#e3cbb0"/></linearGradient>
<linearGradient id="floor" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#b98259"/><stop offset="1" stop-color="#95623f"/></linearGradient>
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#cfe3e2"/><stop offset="1" stop-color="#fbeed6"/></linearGradient>
<linearGradient id="glass" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#fdf8ef"/><stop offset=".6" stop-color="#dfe3dc"/><stop offset="1" stop-color="#c5cfc8"/></linearGradient>
<linearGradient id="beam" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#fff1c9" stop-opacity=".75"/><stop offset="1" stop-color="#fff1c9" stop-opacity="0"/></linearGradient>
</defs>
<rect width="1600" height="720" fill="url(#wall)"/>
<rect y="440" width="1600" height="160" fill="{PINE}"/><rect y="434" width="1600" height="10" fill="#24443a"/>
<g stroke="#37604f" stroke-width="2">{"".join(f'<line x1="{x}" y1="446" x2="{x}" y2="600"/>' for x in range(20, 1600, 40))}</g>
<rect y="596" width="1600" height="124" fill="url(#floor)"/>
<g stroke="#8a5a39" stroke-width="2" opacity=".5">{"".join(f'<path d="M{x} 596L{x * 2 - 800} 720"/>' for x in range(0, 1601, 100))}</g>
<g><path d="M90 600V250a190 190 0 0 1 380 0v350z" fill="#c9a67f"/><path d="M108 600V252a172 172 0 0 1 344 0v348z" fill="url(#sky)"/>
<path d="M108 600v-110c40-30 80-10 120-34s90-6 130-34 60 6 94-10v188z" fill="#a9bfa4"/><path d="M108 600v-58c60-30 120 4 180-22s110 0 164-16v96z" fill="#7f9f86"/>
<circle cx="372" cy="214" r="42" fill="#fff3cf"/>
<g stroke="#c9a67f" stroke-width="10"><line x1="280" y1="80" x2="280" y2="600"/><line x1="108" y1="330" x2="452" y2="330"/></g></g>
<path d="M108 600L452 600L760 720L250 720z" fill="#fff0cf" opacity=".28"/>
{_mirror(690)}{_mirror(1010)}{_mirror(1330)}
{_leaves(520, 590, 0.9)}{_leaves(60, 640, 1.15)}{_leaves(1545, 640, 1.2)}
</svg>"""


def _bust(ground: str, skin: str, shade: str, clothes: str, behind: str, front: str) -> str:
    """Somebody to the shoulders: what hangs behind them, they themselves, and what is in front."""
    return f"""
<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320" viewBox="0 0 320 320">
<rect width="320" height="320" fill="{ground}"/>{behind}
<path d="M36 330c0-66 44-92 92-98h64c48 6 92 32 92 98z" fill="{clothes}"/>
<path d="M128 190h64v50c0 18-14 30-32 30s-32-12-32-30z" fill="{shade}"/>
<path d="M98 128c0-46 26-72 62-72s62 26 62 72c0 52-28 90-62 90s-62-38-62-90z" fill="{skin}"/>
<g fill="{INK}"><ellipse cx="136" cy="138" rx="5.5" ry="6.5"/><ellipse cx="184" cy="138" rx="5.5" ry="6.5"/></g>
<path d="M160 142c-2 12-6 18-6 22 0 5 5 6 10 5" fill="none" stroke="{shade}" stroke-width="5" stroke-linecap="round"/>
<path d="M138 184c12 12 32 12 44 0" fill="none" stroke="#8c3b34" stroke-width="5.5" stroke-linecap="round"/>
<g fill="none" stroke="{INK}" stroke-opacity=".75" stroke-width="5" stroke-linecap="round"><path d="M124 120c8-6 16-6 24-2M172 118c8-4 16-4 24 2"/></g>
{front}</svg>"""


PEOPLE = {
    "ada": _bust(
        "#dfe7dc", "#f6d2b8", "#e3b08f", PINE,
        '<path d="M84 130c0-62 34-92 76-92s76 30 76 92c0 60 6 92-4 108H88c-10-16-4-48-4-108z" fill="#d8a94e"/>',
        '<path d="M96 128c10-44 40-62 100-54 22 8 28 30 28 54-10-22-26-34-44-38-30 10-64 14-84 38z" fill="#e6bd69"/>',
    ),
    "bela": _bust(
        "#f1dcc6", "#8a5536", "#6d4029", "#e3a23c", "",
        '<g fill="#241a17"><circle cx="112" cy="92" r="28"/><circle cx="140" cy="66" r="32"/><circle cx="178" cy="64" r="32"/><circle cx="208" cy="92" r="28"/><circle cx="160" cy="84" r="34"/></g>'
        '<g fill="none" stroke="#e8c15a" stroke-width="5"><circle cx="95" cy="168" r="9"/><circle cx="225" cy="168" r="9"/></g>',
    ),
    "chen": _bust(
        "#d9e2ea", "#f3cda6", "#dba77d", "#35507a", "",
        '<path d="M92 128c-8-60 30-84 72-84 44 0 70 30 64 84-6-18-12-30-20-38-40 4-74-4-92-16-10 12-18 30-24 54z" fill="#1f1b1d"/>'
        f'<g fill="none" stroke="{INK}" stroke-width="5"><circle cx="136" cy="138" r="21"/><circle cx="184" cy="138" r="21"/><path d="M157 136h6"/></g>',
    ),
    "dalia": _bust(
        "#f0dad2", "#d99f74", "#bd7f57", "#7d3a4a",
        '<path d="M72 150c-4-74 36-116 88-116s92 42 88 116c-2 40 22 64 4 108-24 22-160 22-184 0-18-44 6-68 4-108z" fill="#3a211b"/>',
        '<path d="M94 136c2-44 26-74 66-76 40 2 64 32 66 76-16-16-28-36-34-54-20 26-62 46-98 54z" fill="#4a2b22"/>',
    ),
    "emil": _bust(
        "#e2ddd0", "#efc3a0", "#d39d78", "#5b6b4d", "",
        '<path d="M96 122c-6-54 26-80 66-80 42 0 68 26 62 80-4-12-10-22-18-30-34 2-62-4-82-14-12 10-22 24-28 44z" fill="#8a5a34"/>'
        '<path d="M98 136c4 66 26 96 62 96s58-30 62-96c-6 16-14 26-22 30-12-8-68-8-80 0-8-4-16-14-22-30z" fill="#8a5a34"/>'
        '<path d="M140 186c12 9 28 9 40 0" fill="none" stroke="#f3d9c8" stroke-width="6" stroke-linecap="round"/>',
    ),
}  # fmt: skip


def _still(ground: str, thing: str) -> str:
    """A thing on a plain ground, with its shadow."""
    return f"""
<svg xmlns="http://www.w3.org/2000/svg" width="480" height="360" viewBox="0 0 480 360">
<defs><radialGradient id="g" cx=".4" cy=".3" r=".9"><stop offset="0" stop-color="#fff" stop-opacity=".55"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>
<filter id="s" x="-20%" y="-20%" width="140%" height="150%"><feDropShadow dx="10" dy="16" stdDeviation="10" flood-color="#3a2a24" flood-opacity=".28"/></filter></defs>
<rect width="480" height="360" fill="{ground}"/><rect width="480" height="360" fill="url(#g)"/><g filter="url(#s)">{thing}</g></svg>"""


_SCISSORS = f"""<g transform="translate(214 178) rotate(38)">
<path d="M-10 20 L-6 -150 Q2 -160 8 -146 L16 18z" fill="#cfd3d2"/><path d="M16 20 L30 -148 Q24 -160 16 -148 L-12 18z" fill="#e9ecea"/>
<g fill="none" stroke="{RUST}" stroke-width="15"><circle cx="-26" cy="72" r="34"/><circle cx="34" cy="72" r="34"/></g>
<path d="M-12 18L-22 44M14 18L28 44" stroke="{RUST}" stroke-width="15" stroke-linecap="round"/><circle cx="2" cy="12" r="8" fill="{INK}"/></g>"""
_COMB = f"""<g transform="translate(330 190) rotate(-24)"><rect x="-26" y="-130" width="24" height="260" rx="10" fill="{INK}"/>
{"".join(f'<rect x="-6" y="{y}" width="40" height="6" rx="3" fill="{INK}"/>' for y in range(-122, 122, 12))}</g>"""
_DRYER = f"""<g transform="translate(226 152) rotate(-10)"><rect x="10" y="30" width="46" height="132" rx="20" fill="#7d3f2a"/>
<path d="M-20 -64h104a58 58 0 0 1 0 116h-104c-26 0-46-26-46-58s20-58 46-58z" fill="{RUST}"/><rect x="-112" y="-40" width="56" height="70" rx="8" fill="{INK}"/>
<circle cx="88" cy="-6" r="34" fill="#7d3f2a"/><circle cx="88" cy="-6" r="20" fill="none" stroke="{CLAY}" stroke-width="5"/><rect x="24" y="68" width="18" height="34" rx="6" fill="{CLAY}"/></g>"""
_BRUSH = f"""<g transform="translate(330 196) rotate(18)"><rect x="-16" y="10" width="32" height="130" rx="14" fill="{INK}"/><rect x="-36" y="-120" width="72" height="134" rx="34" fill="#5b3a2c"/>
<g fill="{CLAY}">{"".join(f'<circle cx="{x}" cy="{y}" r="4"/>' for x in (-16, 0, 16) for y in range(-100, 4, 17))}</g></g>"""
_RAZOR = f"""<g transform="translate(190 190) rotate(-38)"><rect x="-150" y="-18" width="150" height="30" rx="14" fill="{INK}"/><path d="M-8 -20h158q16 0 16 14v26h-164q-12 0-12-14z" fill="#dfe3e2"/><circle cx="-6" cy="-2" r="8" fill="{CLAY}"/></g>
<g transform="translate(344 196)"><path d="M-44 -20c-6-60 10-96 44-96s50 36 44 96z" fill="#efe3d0"/><path d="M-30 -22h60l8 34h-76z" fill="{CLAY}"/><path d="M-36 12h72c10 40-2 84-36 84s-46-44-36-84z" fill="{PINE}"/></g>"""
_BOWL = f"""<g transform="translate(210 200)"><ellipse cx="0" cy="-40" rx="126" ry="36" fill="#2b2321"/><path d="M-126 -40c0 90 50 140 126 140s126-50 126-140c-30 34-222 34-252 0z" fill="{INK}"/><ellipse cx="0" cy="-34" rx="104" ry="24" fill="#a5452c"/><ellipse cx="-20" cy="-38" rx="54" ry="10" fill="#c4613f"/></g>
<g transform="translate(330 120) rotate(42)"><rect x="-14" y="-120" width="28" height="150" rx="12" fill="{CLAY}"/><rect x="-24" y="24" width="48" height="28" rx="4" fill="{INK}"/><path d="M-24 52h48l-6 50h-36z" fill="#efe3d0"/></g>"""
_FOILS = "".join(
    f'<g transform="translate({x} {y}) rotate({turn})"><rect x="-34" y="-120" width="68" height="230" rx="6" fill="#d8dcdb"/><path d="M-34 -60h68M-34 0h68M-34 56h68" stroke="#b6bdbb" stroke-width="4"/><path d="M-14 -170c10 40-10 60 0 100s-6 90 4 160h18c-10-70 8-110-2-160s12-60 0-100z" fill="{hair}"/></g>'
    for x, y, turn, hair in ((140, 190, -14, "#8a5a34"), (240, 196, 3, "#d8a94e"), (342, 192, 16, "#e6bd69"))
)  # fmt: skip
_CUPS = "".join(
    f'<g transform="translate({x} {y})"><ellipse cx="0" cy="70" rx="88" ry="22" fill="{CREAM}"/><path d="M-56 -34h112c4 66-16 104-56 104s-60-38-56-104z" fill="{fill}"/><ellipse cx="0" cy="-34" rx="56" ry="14" fill="{CREAM}"/><ellipse cx="0" cy="-33" rx="46" ry="10" fill="#6b4028"/><path d="M54 -14c36-6 40 48-6 48" fill="none" stroke="{fill}" stroke-width="12"/></g>'
    for x, y, fill in ((166, 166, RUST), (330, 200, PINE))
)
_CAPE = f"""<g transform="translate(240 190)"><path d="M-60 -110h120c20 60 80 150 110 230h-340c30-80 90-170 110-230z" fill="#e0a23c"/><path d="M-60 -110h120l8 26h-136z" fill="{RUST}"/>
{"".join(f'<path transform="translate({x} {y}) scale({s})" d="M0-18 5-5 18-5 8 4 12 17 0 9-12 17-8 4-18-5-5-5z" fill="{CREAM}"/>' for x, y, s in ((-10, -40, 1.1), (-66, 30, 1.3), (54, 10, 1.2), (-6, 66, 1.4), (96, 84, 1.2), (-112, 92, 1.1)))}</g>"""
_WAVES = f"""<g transform="translate(240 180)">{"".join(f'<path d="M{x} -170c46 60-40 110 6 170s-40 90 4 180h40c-44-90 42-120-4-180s40-110-6-170z" fill="{fill}"/>' for x, fill in ((-120, "#4a2b22"), (-84, "#6b4028"), (-48, "#8a5a34"), (-12, "#6b4028"), (24, "#4a2b22"), (58, "#8a5a34")))}</g>"""

SERVICES = {
    "cut": _still("#e9d2ba", _SCISSORS + _COMB),
    "cut-blowdry": _still("#d5ddd0", _DRYER + _BRUSH),
    "beard": _still("#d9cdbd", _RAZOR),
    "kids": _still("#cfe0dc", _CAPE),
    "colour": _still("#ecd5c5", _BOWL),
    "highlights": _still("#dcd3c4", _FOILS),
    "blowdry": _still("#ead9c9", _WAVES),
    "consultation": _still("#dfe4d8", _CUPS),
}
