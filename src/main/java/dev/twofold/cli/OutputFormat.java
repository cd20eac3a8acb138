package dev.twofold.cli;

/** For whom a command prints. */
enum OutputFormat {
    TEXT("text"),
    JSON("json");

    private final String name;

    OutputFormat(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }
}
