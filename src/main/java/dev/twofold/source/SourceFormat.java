package dev.twofold.source;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import java.nio.file.Path;

/** A form in which models lie on a disk. */
public interface SourceFormat {

    /** As people call it. */
    String name();

    /** What has to be at a place to be one of these, for messages. */
    String expected();

    /** Whether a place looks like one of these, by its name and what it holds. */
    boolean recognises(Path path);

    /**
     * Opens a model.
     *
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if it is missing, malformed, or of an unsupported kind
     */
    Source open(Path path);

    /**
     * Opens a model as users want it.
     *
     * @throws TwofoldException of kind USAGE if the format does not have such options
     */
    default Source open(Path path, SourceOptions options) {
        if (!options.equals(SourceOptions.NONE)) {
            throw TwofoldException.usage(
                            "--adapter and --ignore-key are for Hugging Face checkpoints, --rope-range for those"
                                    + " and for GGUF files")
                    .found(name());
        }
        return open(path);
    }

    /**
     * What a model computes, from its configuration alone: its weights have shapes, and cannot be read.
     *
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if that is missing, malformed, or of an unsupported kind
     */
    Decoder describe(Path path);
}
