"""Releases that break careless readers: numbers from FIRST_ODD on take turns through this list."""

from dataclasses import replace

from simulator.catalogue.pressing import Oddity, Release

FIRST_ODD = 39_000_000


GENTLE = 8
_ALL = tuple(Oddity)
_TITLES = {
    Oddity.EMOJI: "🌙 Midnight 👩‍🚀 Arcade 🏳️‍🌈",
    Oddity.RIGHT_TO_LEFT: "رسائل إلى البحر (אותיות לים)",
    Oddity.SCRIPTS: "静かな港 / Тихая гавань / ἀκτή / Z̴a̵l̷g̶o̸ ñ",
    Oddity.MARKUP: "<b>Bold</b> & \"Quoted\" <script>alert('sleeve')</script> O'Clock; DROP TABLE albums;--",
    Oddity.NUL: "Before\x00After\x01\x7f\ttab\r\nline\u2028end",
    Oddity.ENDLESS: "Endless Corridors " * 555 + "Fade Outro",
    Oddity.BLANK: " ",
}


def odd_id(number: int, *, is_gentle: bool) -> int:
    """Return the number-th odd release, of the gentle kinds only if asked."""
    rounds, kind = divmod(number, GENTLE if is_gentle else len(_ALL))
    return FIRST_ODD + rounds * len(_ALL) + kind


def made_odd(release: Release) -> Release:
    """Give a release the oddity that its number asks for."""
    oddity = _ALL[(release.id - FIRST_ODD) % len(_ALL)]
    release = replace(release, oddity=oddity, title=_TITLES.get(oddity, release.title))
    if oddity is Oddity.YEAR_ZERO:
        return replace(release, year=0)
    if oddity is Oddity.BARE_FORMAT:
        return replace(release, formats=(replace(release.formats[0], text=None, descriptions=()),))
    return replace(release, master_id=0) if oddity is Oddity.NO_MASTER else release
