package dev.twofold.cli;

import dev.twofold.diag.PlainName;

/** For whom a command prints. */
enum OutputFormat {
    TEXT,
    JSON;

    @Override
    public String toString() {
        return PlainName.of(this);
    }
}
