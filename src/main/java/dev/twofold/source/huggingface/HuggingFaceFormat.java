package dev.twofold.source.huggingface;

import dev.twofold.decoder.Decoder;
import dev.twofold.source.Source;
import dev.twofold.source.SourceFormat;
import dev.twofold.source.SourceOptions;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checkpoints as the Hugging Face hub has them: a directory with config.json and safetensors. */
public final class HuggingFaceFormat implements SourceFormat {

    static final String CONFIG = "config.json";
    static final String GENERATION = "generation_config.json";

    @Override
    public String name() {
        return "huggingface";
    }

    @Override
    public String expected() {
        return "a Hugging Face checkpoint: a directory with config.json and safetensors";
    }

    @Override
    public boolean recognises(Path path) {
        return Files.isDirectory(path);
    }

    @Override
    public Source open(Path directory) {
        return open(directory, SourceOptions.NONE);
    }

    /** Reads config and headers; no weight. */
    @Override
    public Source open(Path directory, SourceOptions options) {
        return CheckpointReader.of(directory, options).open();
    }

    /** The decoder that config.json describes; no tensor is looked for. */
    @Override
    public Decoder describe(Path directory) {
        return CheckpointReader.of(directory, SourceOptions.NONE).describe();
    }
}
