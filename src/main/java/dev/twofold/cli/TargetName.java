package dev.twofold.cli;

import dev.twofold.diag.PlainName;

/** The forms that {@code --target} names. */
enum TargetName {
    ONNX,
    TRANSFORMERS;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
