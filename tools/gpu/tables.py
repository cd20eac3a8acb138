"""What check.py found, in Markdown for docs/."""


def table(found, dtypes):
    lines = [f"{found['device']}, provider {found['provider']}, commit {found['commit'][:7]}"
             + ("" if found["complete"] else "; time ran out before everything was run")]
    for speed in found["speed"]:
        lines += speeds(speed, f"ONNX Runtime {speed['onnxRuntime']}")
    for speed in found["transformers"]:
        lines += speeds(speed, f"transformers {speed['transformers']}, torch {speed['torch']}, {speed['how']}")
    if found["model"]:
        lines += ["", "| plan | type | passes | largest relative difference |", "|---|---|---|---|"]
        lines += [f"| {row['plan']} | {row['dtype']} | {verdict(row)} |" for row in found["model"]]
    if "inspectSeconds" in found:
        lines += ["", f"`inspect` took {found['inspectSeconds']:.0f} s."]
    if found["parity"]:
        lines += ["", "| type | families that pass | largest relative difference of those | others |", "|---|---|---|---|"]
        lines += [line for line in (parity(found["parity"], dtype) for dtype in dtypes) if line]
    for failed in found["failed"]:
        lines += ["", f"{failed['what']} failed: {failed['error']}"]
    return "\n".join(lines) + "\n"


def speeds(speed, runtime):
    lines = ["", f"{speed['shape']}, {runtime}, prompt of {speed['prompt']}, then {speed['new']} tokens:", "",
             "| plan | prefill ms | decode ms a token | prefill x | decode x | spread of decode |",
             "|---|---|---|---|---|---|"]
    return lines + [
        f"| {row['model']} | {row['prefillMillis']:.2f} | {row['decodeMillis']:.3f} | {row['prefillSpeedup']:.3f} | "
        f"{row['decodeSpeedup']:.3f} | {row['decodeLow']:.3f} to {row['decodeHigh']:.3f} |" for row in speed["rows"]]


def verdict(row):
    return f"refused: {row['refused']} | " if "refused" in row else f"{row['passed']} | {row['relative']:.1e}"


def parity(rows, dtype):
    rows = [row for row in rows if row["dtype"] == dtype]
    good = [row for row in rows if row.get("passed")]
    others = [row["family"] + (f" {row['relative']:.1e}" if "relative" in row else " refused")
              for row in rows if not row.get("passed")]
    if not rows:
        return None
    largest = max([row["relative"] for row in good], default=0)
    return f"| {dtype} | {len(good)} of {len(rows)} | {largest:.1e} | {', '.join(others) or 'none'} |"
