package dev.twofold.cli;

import dev.twofold.diag.PlainName;

/** What {@code --target} can be. */
enum TargetName {
    ONNX,
    GGUF,
    TRANSFORMERS;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
