"""A sleeve for every release, drawn from its number."""

from html import escape
from random import Random

from simulator.catalogue.pressing import Release

_SHAPES = (
    '<circle cx="{x}" cy="{y}" r="{r}" fill="{colour}"/>',
    '<rect x="{x}" y="{y}" width="{r}" height="{r}" transform="rotate({turn} {x} {y})" fill="{colour}"/>',
    '<path d="M{x} {y} l{r} -{r} l{r} {r} z" fill="{colour}"/>',
)


def drawn(release: Release, size: int) -> str:
    """Draw the sleeve as SVG; pressings of one album look alike."""
    rng = Random(release.master_id or release.id)
    hue, shape = rng.randrange(360), rng.choice(_SHAPES)
    parts = [
        shape.format(
            x=rng.randrange(100),
            y=rng.randrange(100),
            r=rng.randint(10, 45),
            turn=rng.randrange(90),
            colour=f"hsl({(hue + rng.choice((0, 30, 180))) % 360} 60% {rng.randint(35, 75)}%)",
        )
        for _ in range(rng.randint(3, 7))
    ]
    title = "".join(each for each in release.title[:28] if each.isprintable())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 100 100">'
        f'<rect width="100" height="100" fill="hsl({hue} 45% 18%)"/>{"".join(parts)}'
        f'<rect y="80" width="100" height="20" fill="hsl({hue} 45% 12%)"/>'
        f'<g fill="#fff" font-family="sans-serif"><text x="5" y="88" font-size="5.5">{escape(title)}</text>'
        f'<text x="5" y="95" font-size="4" opacity=".8">{escape(release.artist[:36])}</text></g></svg>'
    )
