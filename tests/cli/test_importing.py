"""Importing from the terminal: who stops watching ends the watching, not the work."""

import pytest
import typer

from cli import importing


def test_ctrl_c_says_that_the_import_goes_on(monkeypatch, capsys):
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "watch", interrupted)
    monkeypatch.setattr(importing, "looker", lambda *_: None)
    with pytest.raises(typer.Exit) as ended:
        importing.watch_started(None, [])
    assert ended.value.exit_code == 130
    assert "goes on without you" in capsys.readouterr().out
