package dev.twofold.ort;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Progress;
import dev.twofold.execution.DecoderEngine;
import dev.twofold.execution.HiddenStates;
import dev.twofold.measure.Score;
import dev.twofold.measure.TextWindows;
import java.util.List;
import java.util.Optional;

/**
 * Compares an emitted model with the plain reference of its plan (parity) and with the original checkpoint (quality).
 */
public final class Validation {

    /** Tokens at the end of the first window that are run one by one, on the cache of those before. */
    private static final int DECODED = 16;

    private final ValidatedModel model;
    private final DecoderEngine engine;
    private final Progress progress;

    public Validation(ValidatedModel model, DecoderEngine engine, Progress progress) {
        this.model = model;
        this.engine = engine;
        this.progress = progress;
    }

    /**
     * @param tokens predictions compared
     * @param parity over whole windows
     * @param decodedParity over tokens run one by one with the cache
     * @param shippedParity of the model as it is shipped, if the others are of one with exact products
     * @param routing what the routers of the first would have chosen, if it has some; all parities are then those of a model that
     *     goes where the reference does
     * @param shippedRouting the same of the model as it is shipped
     */
    public record Result(
            long tokens,
            Parity parity,
            Parity decodedParity,
            Optional<Parity> shippedParity,
            Optional<Routing> routing,
            Optional<Routing> shippedRouting,
            Quality quality) {}

    /**
     * @param base the original checkpoint
     * @param reference the plan without the passes that only change the form
     */
    public Result run(Decoder base, Decoder reference, TextWindows text) {
        boolean same = base.steps().equals(reference.steps())
                && base.embedding().equals(reference.embedding())
                && sameHead(base, reference);
        int steps = base.steps().size() + (same ? 0 : reference.steps().size());
        progress.begin("running the reference", steps, Progress.Unit.STEPS);
        ReferenceRouting routes = new ReferenceRouting(engine, reference, model.routed());
        HiddenStates baseStates = same ? states(base, text, routes) : states(base, text);
        HiddenStates referenceStates = same ? baseStates : states(reference, text, routes);
        progress.begin("running the model", text.tokens(), Progress.Unit.TOKENS);
        Quality.Sums quality = new Quality.Sums();
        Parity parity = Parity.NONE;
        Parity shipped = Parity.NONE;
        Parity decoded = Parity.NONE;
        Routing routing = Routing.NONE;
        Routing shippedRouting = Routing.NONE;
        ModelSession session = model.shipped();
        ModelSession exactly = model.exact().orElse(session);
        try (Heads heads = new Heads(base, reference)) {
            for (int window = 0; window < text.inputs().size(); window++) {
                int[] tokens = text.inputs().get(window);
                int[] targets = text.targets().get(window);
                float[] expected = heads.reference.logits(referenceStates, window);
                float[] original = same ? expected : heads.base.logits(baseStates, window);
                List<long[]> given = routes.of(window);
                ModelSession.Output run = whole(session, tokens, List.of());
                float[] free = run.logits();
                ModelSession.Output told = given.isEmpty() ? run : whole(session, tokens, given);
                ModelSession.Output exact = exactly == session ? told : whole(exactly, tokens, given);
                float[] actual = told.logits();
                float[] exactLogits = exact.logits();
                routing = routing.and(given, exact.choices(), tokens.length);
                shippedRouting = shippedRouting.and(given, told.choices(), tokens.length);
                int vocabulary = actual.length / tokens.length;
                for (int i = 0; i < tokens.length; i++) {
                    int from = i * vocabulary;
                    parity = parity.and(Parity.of(exactLogits, from, expected, from, vocabulary));
                    shipped = shipped.and(Parity.of(actual, from, expected, from, vocabulary));
                    shippedRouting = shippedRouting.and(Parity.of(free, from, expected, from, vocabulary));
                    quality.add(original, free, from, vocabulary, targets[i]);
                }
                if (window == 0) {
                    decoded = decoded(model.last().orElse(exactly), tokens, given, expected, vocabulary);
                }
                progress.advance(tokens.length);
            }
        }
        progress.end();
        Parity asShipped = shipped;
        return new Result(
                quality.tokens(),
                parity,
                decoded,
                model.exact().map(other -> asShipped),
                routes.any() ? Optional.of(routing) : Optional.empty(),
                routes.any() ? Optional.of(shippedRouting) : Optional.empty(),
                quality.mean());
    }

    /** @throws dev.twofold.diag.TwofoldException of kind INPUT if a logit of these tokens is no finite number */
    public static void requireFinite(ModelSession session, int[] tokens) {
        whole(session, tokens, List.of());
    }

    private static boolean sameHead(Decoder base, Decoder reference) {
        return base.head().equals(reference.head()) && base.finalNorm().equals(reference.finalNorm());
    }

    /** The heads of two decoders, which are one unless it was rounded. */
    private final class Heads implements AutoCloseable {
        private final DecoderEngine.Head base;
        private final DecoderEngine.Head reference;

        Heads(Decoder base, Decoder reference) {
            this.base = engine.head(base);
            this.reference = sameHead(base, reference) ? this.base : engine.head(reference);
        }

        @Override
        public void close() {
            base.close();
            if (reference != base) {
                reference.close();
            }
        }
    }

    /** How well a plan predicts the text, without emitting it. */
    public Score score(Decoder base, Decoder plan, TextWindows text) {
        progress.begin(
                "running the plan without compensation",
                base.steps().size() + plan.steps().size(),
                Progress.Unit.STEPS);
        HiddenStates baseStates = states(base, text);
        HiddenStates planStates = states(plan, text);
        progress.end();
        try (DecoderEngine.Head head = engine.head(base)) {
            return head.beside(baseStates, text).score(planStates);
        }
    }

    private HiddenStates states(Decoder decoder, TextWindows text) {
        return states(decoder, text, new ReferenceRouting(engine, decoder, false));
    }

    private HiddenStates states(Decoder decoder, TextWindows text, ReferenceRouting routes) {
        HiddenStates states = engine.embed(decoder, text.inputs());
        for (Step step : decoder.steps()) {
            routes.look(step, states);
            states = engine.apply(decoder, step, states);
            progress.advance(1);
        }
        return states;
    }

    private static ModelSession.Output whole(ModelSession session, int[] tokens, List<long[]> routing) {
        ModelSession.Output output = session.run(
                Rows.of(tokens, 0, tokens.length), Rows.ones(1, tokens.length), session.emptyCache(1), routing);
        output.cache().close();
        output.requireFinite(0);
        return output;
    }

    private static Parity decoded(
            ModelSession session, int[] tokens, List<long[]> routing, float[] expected, int vocabulary) {
        int start = Math.max(1, tokens.length - DECODED);
        ModelSession.Output prompt = session.run(
                Rows.of(tokens, 0, start),
                Rows.ones(1, start),
                session.emptyCache(1),
                ReferenceRouting.part(routing, tokens.length, 0, start));
        Parity parity = Parity.of(
                prompt.logits(), prompt.logits().length - vocabulary, expected, (start - 1) * vocabulary, vocabulary);
        KvCache cache = prompt.cache();
        for (int i = start; i < tokens.length; i++) {
            ModelSession.Output output = session.run(
                    Rows.of(tokens, i, i + 1),
                    Rows.ones(1, i + 1),
                    cache,
                    ReferenceRouting.part(routing, tokens.length, i, i + 1));
            output.requireFinite(0);
            parity = parity.and(Parity.of(output.logits(), 0, expected, i * vocabulary, vocabulary));
            cache = output.cache();
        }
        cache.close();
        return parity;
    }
}
