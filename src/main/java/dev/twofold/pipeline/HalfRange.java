package dev.twofold.pipeline;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.MappedFiles;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.graph.plain.PlainLowering;
import dev.twofold.inspection.Host;
import dev.twofold.inspection.Texts;
import dev.twofold.inspection.WindowCut;
import dev.twofold.ort.StepEngine;
import dev.twofold.passes.rewrite.ScaleStream;
import dev.twofold.source.Source;
import dev.twofold.tensor.Float16;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.WeightEvaluator;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Whether fp16 holds what a model computes. Some models were trained in bf16 to activations beyond 65504, which are infinite
 * in fp16: all that comes after them is not a number. So a model that is to compute in fp16 reads the start of a text in fp32
 * first, and what it computes is looked at. Such activations belong to the first tokens of a text, most of all.
 */
record HalfRange(Source source, Host host) {

    /**
     * Tokens to read. The largest activations of SmolLM2 and of Gemma 3 270M are on the first token, and of the shipped text
     * so many show the largest of every step as well as 64 do.
     */
    private static final int TOKENS = 32;

    /** So many characters have them in any tokenizer. */
    private static final int CHARACTERS = 1024;

    /** Of the largest number, what another text may exceed. */
    private static final double NEAR = 0.25;

    /** @throws TwofoldException of kind INPUT that names the first step beyond fp16, if the decoder computes in that */
    void require(Decoder decoder) {
        if (decoder.precision() == Precision.FP16) {
            read(decoder);
        }
    }

    private void read(Decoder decoder) {
        List<int[]> windows = List.of(tokens());
        try (MappedFiles files = new MappedFiles();
                StepEngine engine = new StepEngine(
                        new PlainLowering(), new WeightEvaluator(files), host.provider(), host.device(), 0)) {
            host.progress().begin("looking for fp16 overflow", decoder.steps().size(), Progress.Unit.STEPS);
            HiddenStates stream = engine.embed(decoder, windows);
            float largest = largest(stream);
            String where = "the embedding";
            require(largest, where);
            for (Step step : decoder.steps()) {
                requireWanted();
                DecoderEngine.Peaks peaks = engine.peaks(decoder, step, stream);
                for (int i = 0; i < peaks.branches().size(); i++) {
                    Branch branch = step.branches().get(i);
                    String place =
                            branch.origin().describe() + ", " + branch.body().kind();
                    float peak = peaks.branches().get(i);
                    require(peak, place);
                    where = peak > largest ? place : where;
                    largest = Math.max(peak, largest);
                }
                stream = peaks.after();
                require(largest(stream), where);
                host.progress().advance(1);
            }
            host.progress().end();
            if (largest > NEAR * Float16.MAX) {
                host.notice(String.format(
                        Locale.ROOT,
                        "note: activations reach %.0f of the %.0f that fp16 holds (%s); another text may go beyond",
                        largest,
                        Float16.MAX,
                        where));
            }
        }
    }

    /** Whoever waits for the result interrupts this thread to say that it is of no use any more. */
    private static void requireWanted() {
        if (Thread.currentThread().isInterrupted()) {
            throw TwofoldException.environment("interrupted");
        }
    }

    private int[] tokens() {
        String text = Texts.evaluation().words().substring(0, CHARACTERS);
        int most = Math.min(TOKENS, WindowCut.length(source.decoder()));
        try {
            int[] ids = WindowCut.encode(source, new Texts.Named("", text)).whole();
            return Arrays.copyOf(ids, Math.min(ids.length, most));
        } catch (TwofoldException e) {
            // A model can be converted without its tokenizer.
            host.notice(
                    "note: without a tokenizer that works, whether fp16 holds the activations was tried on tokens that"
                            + " are no text");
            return anyTokens(most);
        }
    }

    private int[] anyTokens(int count) {
        ModelFacts facts = source.decoder().facts();
        int[] ids = new int[count];
        Arrays.setAll(ids, i -> (int) (i * 7919L % facts.vocabularySize()));
        facts.beginTokens().stream().findFirst().ifPresent(begin -> ids[0] = begin);
        return ids;
    }

    private static float largest(HiddenStates stream) {
        float largest = 0;
        for (float[] window : stream.windows()) {
            for (float value : window) {
                largest = Math.max(largest, Math.abs(value));
            }
        }
        return largest;
    }

    private static void require(float peak, String where) {
        if (Float.isFinite(peak) && peak <= Float16.MAX) {
            return;
        }
        if (!Float.isFinite(peak)) {
            throw TwofoldException.input("the model computes something else than finite numbers, in fp32 already")
                    .at(where)
                    .found(peak)
                    .hint("look for weights that are no finite numbers, or are too large for float32");
        }
        int halvings = Math.max(1, Math.getExponent(peak / Float16.MAX) + 2);
        throw TwofoldException.input("an activation overflows fp16")
                .at(where)
                .found(String.format(Locale.ROOT, "%.0f", peak))
                .expected(String.format(Locale.ROOT, "a magnitude of at most %.0f", Float16.MAX))
                .hint("--dtype bf16 or fp32; or a pipeline with '- " + ScaleStream.SPEC.name() + ": {halvings: "
                        + halvings + "}', which keeps the stream smaller");
    }
}
