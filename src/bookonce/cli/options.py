"""Options that several commands share, and settings from them and the environment."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.settings import Settings, database_url_problem

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where the embedded database lives [env BOOKONCE_DATA_DIR].",
        file_okay=False,
        show_default=False,
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        help="Use this PostgreSQL instead of the embedded one [env BOOKONCE_DATABASE_URL].",
        show_default=False,
    ),
]


def read_settings(data_dir: Path | None, database_url: str | None) -> Settings:
    """The environment's settings, options before them. Raises ValidationError."""
    settings = Settings.read()
    if data_dir is not None:
        settings = dataclasses.replace(settings, data_dir=data_dir.absolute())
    if database_url is not None:
        if problem := database_url_problem(database_url):
            raise ValidationError([FieldError("--database-url", problem)])
        settings = dataclasses.replace(settings, database_url=database_url)
    return settings
