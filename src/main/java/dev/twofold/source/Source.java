package dev.twofold.source;

import dev.twofold.decoder.Decoder;
import dev.twofold.disk.FileStamps;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model that was opened: what it computes, and all that goes with it. Opening reads headers and configuration; weights are
 * expressions, which are read when an output is written.
 */
public interface Source {

    /** What people and the manifest call it. */
    String name();

    /** Where it is. */
    Path path();

    /** What it computes. */
    Decoder decoder();

    /**
     * Opens its tokenizer.
     *
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if it has none, or a malformed one
     */
    TokenizerFile tokenizer();

    /** What runtimes read beside a model: its tokenizer's and configuration files. */
    List<Companion> companions();

    /** Every file that an output depends on; one that is gone by now is still one of them. */
    List<Path> files();

    /** Whether a file of this name decides what the model computes; a chat template does not. */
    boolean decides(String name);

    /** What it was read with, beside files, as the command line spells it. */
    default Map<String, String> options() {
        return Map.of();
    }

    /** What is in it and could not be used, or is used in part, a line each. */
    List<String> notes();

    /** What its files were before the first of them was read. */
    FileStamps stamps();
}
