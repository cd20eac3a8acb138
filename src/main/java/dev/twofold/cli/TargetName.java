package dev.twofold.cli;

import dev.twofold.diag.PlainName;

/** What {@code --target} can be. */
enum TargetName {
    ONNX,
    GGUF;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
