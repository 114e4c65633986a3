"""Small line charts as SVG: several panels side by side, each with logarithmic axes."""
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 340, 290, 48, 24, 62, 46
LETTER = 6.2  # how wide one is at most, about
COLOURS = ("#1f6f8b", "#d1495b", "#7a9e3f", "#8d5a97")


def short(value):
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def ticks(low, high):
    """Powers of ten, and where those are few also their doubles and halves."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        found = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(found) >= 3:
            return found
    return found


def panel(title, across, lines):
    """`lines`: name -> [(x, y)], all above zero."""
    points = [point for line in lines.values() for point in line]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low_x, high_x = min(xs), max(max(xs), min(xs) * 1.1)
    low_y, high_y = min(ys) / 1.3, max(ys) * 1.3

    def at(value, low, high, start, end):
        return start + (end - start) * (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))

    def x_of(x):
        return at(x, low_x, high_x, LEFT, WIDTH - RIGHT)

    def y_of(y):
        return at(y, low_y, high_y, HEIGHT - BOTTOM, TOP)
    out = [f'<text x="{LEFT}" y="18" font-size="12" font-weight="bold">{title}</text>',
           f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{across}</text>',
           f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#888"/>', legend(lines)]
    for y in ticks(low_y, high_y):
        out.append(f'<path d="M{LEFT} {y_of(y):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{y_of(y) + 4:.1f}" text-anchor="end">{short(y)}</text>')
    for x in sorted(set(xs)):
        out.append(f'<path d="M{x_of(x):.1f} {HEIGHT - BOTTOM}v4" stroke="#888"/>'
                   f'<text x="{x_of(x):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(x)}</text>')
    for i, (name, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in sorted(line))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>' for x, y in line]
    return "\n".join(out)


def legend(lines):
    """Below the title, where no line is; of as many rows as it takes."""
    out, x, y = [], LEFT, 36
    for i, name in enumerate(lines):
        wide = 16 + LETTER * len(name)
        if x > LEFT and x + wide > WIDTH:
            x, y = LEFT, y + 14
        out.append(f'<rect x="{x:.0f}" y="{y - 7}" width="10" height="4" fill="{COLOURS[i % len(COLOURS)]}"/>'
                   f'<text x="{x + 14:.0f}" y="{y}">{name}</text>')
        x += wide + 8
    return "".join(out)


def write(path, panels):
    """`panels`: (title, what goes across, lines) each."""
    columns = min(len(panels), 3)
    rows = (len(panels) + columns - 1) // columns
    body = "\n".join(f'<g transform="translate({i % columns * WIDTH} {i // columns * HEIGHT})">{panel(*one)}</g>'
                     for i, one in enumerate(panels))
    with open(path, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * WIDTH}" height="{rows * HEIGHT + 22}" '
                   f'font-family="sans-serif" font-size="11" fill="#333">\n<rect width="100%" height="100%" fill="white"/>'
                   f'\n{body}\n<text x="{LEFT}" y="{rows * HEIGHT + 12}" fill="#777">All axes are logarithmic.</text>'
                   "\n</svg>\n")
