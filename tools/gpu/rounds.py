"""Times models against the first of them, in rounds that begin with another model each time."""

import statistics


def compare(names, models, timed, rounds):
    """A row for each model: medians of its rounds, and of the ratios of the first model's times to its own.

    timed(model) is the seconds of reading the prompt, and of one token after it. Each model is run once before.
    """
    for model in models:
        timed(model)
    times = [[] for _ in models]
    for turn in range(rounds):
        for offset in range(len(models)):
            index = (turn + offset) % len(models)
            times[index].append(timed(models[index]))
    return [row(name, times[0], own) for name, own in zip(names, times)]


def row(name, first, own):
    prefills, decodes = ([base[part] / mine[part] for base, mine in zip(first, own)] for part in (0, 1))
    return {
        "model": name,
        "prefillMillis": 1000 * statistics.median(time[0] for time in own),
        "decodeMillis": 1000 * statistics.median(time[1] for time in own),
        "prefillSpeedup": statistics.median(prefills),
        "decodeSpeedup": statistics.median(decodes),
        "decodeLow": min(decodes),
        "decodeHigh": max(decodes),
    }
