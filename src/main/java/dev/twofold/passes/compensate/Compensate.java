package dev.twofold.passes.compensate;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.diag.PlainName;
import dev.twofold.diag.Progress;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.Facts;
import dev.twofold.pass.MemorySize;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refits the weights of steps that run side by side to what they did one after the other, in closed form: no training,
 * no gradient, and not one operator more.
 *
 * <pre>
 * before                          after
 *   x += A4(n4(x)) + A5(n5(x))      x += A4'(n4(x)) + A5'(n5(x))
 *   x += F4(m4(x)) + F5(m5(x))      x += F4'(m4(x)) + F5'(m5(x))
 *   x += A6(n6(x)) + F6(m6(x))      x += A6'(n6(x)) + F6'(m6(x))
 * </pre>
 *
 * <p>Steps are refitted front to back: each reads the stream as the steps before it, already refitted, make it, and is
 * fitted to what the same decoder does on the same tokens when the steps of the checkpoint run one after the other. See {@link
 * StepFit}. Does not apply to one-sync groups, nor after norms were folded.
 */
public final class Compensate implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "compensate",
            "refit steps that run side by side, in closed form, from a calibration text",
            "- compensate: {form: refit, side: both, scope: groups, ridges: [0.001, 0.01, 0.1], tokens: 102400, memory: 2g}",
            PassSpec.Effect.APPROXIMATE,
            Options.class,
            Set.of(),
            Set.of(Property.COMPENSATED),
            Set.of(),
            Compensate::new);

    /** What is computed. */
    public enum Method {
        /** Projections by ridge regression on all their inputs. */
        REFIT,
        /** One factor for every channel that a branch adds to: cheaper, and weaker. */
        RESCALE;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /** Which projections are refitted. */
    public enum Side {
        INPUT,
        OUTPUT,
        BOTH;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    /** Which layers are refitted. */
    public enum Scope {
        GROUPS,
        ALL;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }

    private static final MemorySize DEFAULT_MEMORY = MemorySize.valueOf("2g");
    /** Tokens to fit to, if nothing else is asked for. */
    public static final int DEFAULT_TOKENS = 102_400;

    /** Below this, sums in float64 are no longer safely invertible. */
    private static final double LEAST_RIDGE = 1e-9;

    private static final double MOST_RIDGE = 1e6;
    private static final List<Double> RIDGES = List.of(1e-3, 1e-2, 1e-1);

    /**
     * @param method refit if not given
     * @param side both if not given
     * @param scope groups if not given; all also refits the layers after the first group that run alone
     * @param ridges to choose from, in units of the mean squared input
     * @param tokens of the calibration text, 102,400 if not given
     * @param memory that the sums of a fit may take, 2g if not given; a step that needs more is refitted on its input side only
     * @param provider that the fit ran on, which a conversion records so that it can be repeated
     * @param text SHA-256 of those tokens, which a conversion records so that the fit can be repeated
     * @param found the ridge that each fit chose, 0 where it left the weights alone, which a conversion records so that a
     *     repetition need not search
     */
    public record Options(
            @JsonProperty("form") Method method,
            Side side,
            Scope scope,
            List<Double> ridges,
            Integer tokens,
            MemorySize memory,
            @Nullable String provider,
            @Nullable String text,
            @Nullable List<Double> found) {

        public Options {
            method = method == null ? Method.REFIT : method;
            side = side == null ? Side.BOTH : side;
            scope = scope == null ? Scope.GROUPS : scope;
            ridges = ridges == null ? RIDGES : List.copyOf(ridges);
            memory = memory == null ? DEFAULT_MEMORY : memory;
            tokens = tokens == null ? DEFAULT_TOKENS : tokens;
            found = found == null ? null : List.copyOf(found);
        }

        /** What is computed if nothing is said. */
        public static final Options DEFAULT = new Options(
                Method.REFIT, Side.BOTH, Scope.GROUPS, RIDGES, DEFAULT_TOKENS, DEFAULT_MEMORY, null, null, null);

        public Options with(Method other) {
            return new Options(other, side, scope, ridges, tokens, memory, provider, text, found);
        }

        /** The same with other ridges to choose from. */
        public Options with(List<Double> others) {
            return new Options(method, side, scope, others, tokens, memory, provider, text, null);
        }

        /** The same with other limits; null leaves one as it is. */
        public Options with(@Nullable Integer otherTokens, @Nullable MemorySize otherMemory) {
            return new Options(
                    method,
                    side,
                    scope,
                    ridges,
                    otherTokens == null ? tokens : otherTokens,
                    otherMemory == null ? memory : otherMemory,
                    provider,
                    text,
                    found);
        }

        /** The same, fitted to a text of this hash and length on a provider. */
        public Options fitted(String hash, int length, String runner) {
            return new Options(method, side, scope, ridges, length, memory, runner, hash, found);
        }

        /** The same, with the ridges that its fits chose. */
        public Options found(List<Double> chosen) {
            return new Options(method, side, scope, ridges, tokens, memory, provider, text, chosen);
        }
    }

    private final Options options;

    public Compensate(Options options) {
        this.options = options;
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (facts.properties().contains(Property.NORMS_FOLDED)) {
            return problem("norms were folded before", "put it between pair-layers and fold-norms");
        }
        if (facts.properties().contains(Property.COMPENSATED)) {
            return problem("it ran before, and what it refitted to is gone", "run it once");
        }
        if (options.ridges().isEmpty()
                || options.ridges().stream().anyMatch(ridge -> !(ridge >= LEAST_RIDGE && ridge <= MOST_RIDGE))) {
            return problem(
                    "a ridge should be " + LEAST_RIDGE + " to " + MOST_RIDGE, "write, for example, ridges: " + RIDGES);
        }
        if (options.found() != null
                && options.found().stream()
                        .anyMatch(ridge -> !(ridge == 0 || ridge >= LEAST_RIDGE && ridge <= MOST_RIDGE))) {
            return problem("a ridge that was found is no ridge", "leave out found, which only a conversion writes");
        }
        if (options.tokens() < 1) {
            return problem(
                    "it cannot fit to " + options.tokens() + " tokens",
                    "write, for example, tokens: " + DEFAULT_TOKENS);
        }
        return facts.groups().stream()
                        .anyMatch(group -> group.arrangement() == Facts.Arrangement.ONE_SYNC
                                || group.arrangement() == Facts.Arrangement.AVERAGED)
                ? problem(
                        "layers of a one-sync group, and averaged ones, cannot be refitted",
                        "form: two-sync or form: staggered")
                : Optional.empty();
    }

    public Options options() {
        return options;
    }

    private static Optional<NotApplicable> problem(String reason, String hint) {
        return Optional.of(new NotApplicable(reason, hint));
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        Calibration calibration =
                context.calibration().orElseThrow(() -> new IllegalStateException("nothing to calibrate on"));
        List<LayerGroup> groups = LayerGroup.of(decoder);
        Progress progress = context.progress();
        FitSize.announce(decoder, groups, options, calibration);
        progress.begin("compensating", groups.size(), Progress.Unit.GROUPS);
        List<LayerGroup> refitted = new ArrayList<>();
        try (Fitting fitting = new Fitting(decoder, calibration, options)) {
            for (LayerGroup group : groups) {
                refitted.add(fitting.next(group));
                progress.advance(1);
            }
        }
        progress.end();
        return LayerGroup.replace(decoder, refitted);
    }
}
