"""What invented artists, titles and labels are made of. None of it is a real recording."""

import re
from importlib.resources import files


def _read() -> dict[str, tuple[str, ...]]:
    text = files("simulator").joinpath("catalogue", "words.txt").read_text(encoding="utf-8")
    return {name: tuple(words.split()) for name, words in re.findall(r"^\[([a-z ]+)\]\n([^\[]+)", text, re.MULTILINE)}


_LISTS = _read()
ADJECTIVES = _LISTS["adjectives"]
NOUNS = _LISTS["nouns"]
FIRST_NAMES = _LISTS["first names"]
LAST_NAMES = _LISTS["last names"]
BAND_ENDINGS = _LISTS["band endings"]
PLACES = _LISTS["places"]
THINGS = _LISTS["things"]

TITLE_PATTERNS = (
    "{adjective} {noun}",
    "The {adjective} {noun}",
    "{noun} At Dusk",
    "Songs For {adjective} {noun}",
    "{noun} & {other}",
    "A Year Of {noun}",
    "{adjective}",
    "Live In {place}",
    "{place} Sessions",
    "No More {noun}",
    "{first}'s {noun}",
    "Between {noun} And {other}",
    "{adjective} {noun} (Music From The Film)",
    "Letters To {first}",
)
LABEL_PATTERNS = (
    "{adjective} {thing} Records",
    "{thing} & {other} Recordings",
    "{place} Phonographic",
    "{last} Brothers",
    "{adjective} {thing}",
    "Discos {last}",
    "{place} Tonträger",
    "Éditions {last}",
    "{thing} Music",
    "Not On Label ({artist} Self-released)",
)
TRACK_PATTERNS = (
    "{adjective} {noun}",
    "{noun}",
    "{first}",
    "Waiting For {noun}",
    "{place}, 4 A.M.",
    "Interlude ({adjective})",
    "The Last Of The {noun}",
    "{first} & {first2}",
    "Under {noun}",
    "{adjective} Again",
)
STYLES = {
    "Rock": ("Indie Rock", "Post-Punk", "Psychedelic Rock", "Krautrock", "Garage Rock", "Shoegaze", "Prog Rock"),
    "Electronic": ("House", "Techno", "Ambient", "Downtempo", "Electro", "Synth-pop", "Deep House"),
    "Jazz": ("Hard Bop", "Free Jazz", "Modal", "Fusion", "Cool Jazz", "Spiritual Jazz"),
    "Funk / Soul": ("Soul", "Funk", "Disco", "Afrobeat", "Boogie"),
    "Hip Hop": ("Boom Bap", "Jazzy Hip-Hop", "Instrumental", "Conscious"),
    "Reggae": ("Dub", "Roots Reggae", "Rocksteady", "Ska"),
    "Pop": ("Chanson", "Ballad", "Indie Pop", "City Pop"),
    "Classical": ("Modern", "Baroque", "Contemporary", "Impressionist"),
    "Folk, World, & Country": ("Folk", "Highlife", "Country", "Celtic"),
    "Latin": ("Bossanova", "Salsa", "Cumbia", "MPB"),
}
GENRE_WEIGHTS = (30, 24, 12, 10, 6, 5, 8, 3, 4, 4)
COUNTRIES = ("US", "UK", "Germany", "France", "Japan", "Netherlands", "Italy", "Canada", "Sweden", "Brazil", "Europe")
COUNTRY_WEIGHTS = (26, 20, 14, 8, 8, 6, 5, 4, 3, 3, 10)
VINYL_EXTRAS = ("", "", "", "", "180g", "Gatefold", "Red Translucent", "Blue Marbled", "White Label", "Clear")
