package dev.twofold.target;

import dev.twofold.decoder.Decoder;
import dev.twofold.pass.NotApplicable;
import dev.twofold.source.Companion;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** A form in which compiled decoders are written, with its options. */
public interface Target {

    /** As people and the manifest call it. */
    String name();

    /** Its options, as the manifest keeps them. */
    SortedMap<String, String> options();

    /** How the devices of a sharded model meet, as the manifest keeps it; "none" if a target knows of no devices. */
    default String collective() {
        return "none";
    }

    /**
     * Why it cannot hold a decoder, if it cannot; asked before any weight is read or layer measured.
     *
     * @param decoder compiled, whole
     * @param originals what the source has of runtimes' files
     */
    Optional<NotApplicable> check(Decoder decoder, List<Companion> originals);

    /**
     * Whether a model in which nothing runs side by side is to come with the weights of its source, without the passes that
     * only change the form of layers.
     */
    default boolean keepsPlainLayers() {
        return false;
    }

    /** Whether what is written has both ranges of LongRoPE where the decoder has; others have the one that was read. */
    default boolean keepsBothRanges() {
        return false;
    }

    /** Positions that what is written has, of a decoder that is not refused. */
    default int contextLength(Decoder decoder) {
        return decoder.facts().contextLength();
    }

    /** The models to write for a decoder: the whole of it, or one for each device. */
    List<Part> parts(Decoder decoder);

    /** A decoder in every form that is written of it, which differ in how its numbers are stored. */
    default List<Decoder> forms(Decoder decoder) {
        return List.of(decoder);
    }

    /** What a part will come to; nothing is written, and no weight read. */
    Preview preview(Part part);

    /**
     * Writes the weights of a part, and what says how they are used.
     *
     * @param originals what the source has of runtimes' files, for targets that keep it with the weights
     * @param directory of the part, which exists
     * @return length and hash of the file with the weights
     */
    Written write(Part part, List<Companion> originals, Path directory, WeightWriter writer);

    /** Name of the file of {@link #write} that holds the weights. */
    String weightFile();

    /**
     * Writes what runtimes read beside a part's model.
     *
     * @param originals what the source has of it
     */
    void companions(Part part, List<Companion> originals, Path directory);

    /**
     * Writes what belongs above the directories of several parts; a model that is whole has nothing there.
     *
     * @param name of the model
     */
    default void above(Decoder decoder, String name, List<Companion> originals, Path directory) {}

    /**
     * Reads back what was written of a part, and has a runtime load it if there is one here.
     *
     * @throws IllegalStateException if it is malformed, which is a bug of ours
     * @throws dev.twofold.diag.TwofoldException of kind ENVIRONMENT if it cannot be read, or the runtime cannot work here
     */
    void verify(Part part, Path directory);

    /**
     * What users do next with what was written, if that is something of its own.
     *
     * @param directory where it is
     */
    default Optional<String> next(Path directory) {
        return Optional.empty();
    }

    /**
     * What users of what is written should know, a line each.
     *
     * @param originals the source's companions
     */
    default List<String> notes(Decoder decoder, List<Companion> originals) {
        return List.of();
    }
}
