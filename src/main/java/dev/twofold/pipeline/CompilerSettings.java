package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.inspection.Host;
import dev.twofold.inspection.MeasurementCache;
import dev.twofold.inspection.Texts;
import dev.twofold.source.Source;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Where and how a compiler works.
 *
 * @param texts to measure and to fit on, where the recipe asks for it
 * @param cache what was measured before
 * @param rank the only device to compile for; all if empty
 * @param dumpAfter the pass after which {@code dump} receives the decoder as text
 * @param trial whether a model that is to compute in fp16 reads a text first, to see whether fp16 holds what it computes
 * @param version of Twofold, for the manifest
 */
public record CompilerSettings(
        Host host,
        Texts texts,
        MeasurementCache cache,
        Optional<Integer> rank,
        Optional<String> dumpAfter,
        Consumer<String> dump,
        boolean trial,
        String version) {

    /** The CPU, the texts that come with Twofold, nothing kept of what is measured, and nobody listens. */
    public static final CompilerSettings DEFAULT = new CompilerSettings(
            Host.SILENT,
            Texts.SHIPPED,
            new MeasurementCache(List.of(), notice -> {}),
            Optional.empty(),
            Optional.empty(),
            text -> {},
            true,
            "development");

    /** The same, with nothing kept of what is measured anew. */
    CompilerSettings withoutKeeping() {
        return new CompilerSettings(host, texts, cache.readOnly(), rank, dumpAfter, dump, trial, version);
    }

    /** Starts to try decoders of a source on what has to hold before their output appears; nothing without a trial. */
    Trial tryOut(Source source, List<Decoder> decoders) {
        return new Trial(host, own -> {
            if (trial) {
                decoders.forEach(new HalfRange(source, own)::require);
            }
        });
    }
}
