package dev.twofold.cli;

import dev.twofold.diag.PlainName;

/** Whose names the files of an ONNX model have. */
enum OutputLayout {
    GENAI,
    TRANSFORMERSJS;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
