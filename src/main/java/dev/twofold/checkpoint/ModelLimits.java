package dev.twofold.checkpoint;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Rotary;
import dev.twofold.diag.TwofoldException;
import dev.twofold.family.Family;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Numbers of a config that are numbers, and that no computation in float32 or memory of a machine could hold. */
final class ModelLimits {

    /** The longest context of a published model is 10,485,760. Tables of rotary positions have a row for each. */
    private static final int MAX_CONTEXT = 1 << 24;

    /** Radians a position; the fastest dimension turns by 1 when nothing is scaled. */
    private static final double MAX_FREQUENCY = 1e6;

    /** The deepest published models have some hundred layers. */
    private static final int MAX_LAYERS = 4096;

    /** Layers times heads or experts; the largest published models have some 16,000. Each becomes an object. */
    private static final int MAX_PARTS = 1 << 16;

    /** Published models have heads of up to 512 elements. */
    private static final int MAX_HEAD_SIZE = 1 << 14;

    private ModelLimits() {}

    /** @throws TwofoldException of kind INPUT if nobody would make such heads */
    static void checkHeadSize(ConfigFile config, String key, int size) {
        if (size > MAX_HEAD_SIZE) {
            throw config.wrong(key, "the attention heads are too large")
                    .found(size)
                    .expected("at most " + MAX_HEAD_SIZE)
                    .hint("compare this file with the one on the model's page");
        }
    }

    /**
     * @param key what says how many parts a layer has
     * @throws TwofoldException of kind INPUT if nobody would make so many
     */
    static void checkParts(ConfigFile config, String key, int layers, int parts) {
        if ((long) layers * parts > MAX_PARTS) {
            throw config.wrong(key, "too many")
                    .found(parts + " in each of " + layers + " layers")
                    .expected("at most " + MAX_PARTS + " in all")
                    .hint("compare this file with the one on the model's page");
        }
    }

    /** @throws TwofoldException of kind INPUT if nobody would make so many layers */
    static void checkLayers(ConfigFile config, String key, int layers) {
        if (layers > MAX_LAYERS) {
            throw config.wrong(key, "too many layers")
                    .found(layers)
                    .expected("at most " + MAX_LAYERS)
                    .hint("compare this file with the one on the model's page");
        }
    }

    /** @throws TwofoldException of kind INPUT that names what is beyond a limit */
    static void check(ConfigFile config, Decoder decoder, Family family) {
        check(
                config,
                decoder,
                family.sizes().context().key(),
                Settings.name(family.norm().epsilon(), "epsilon"));
    }

    /**
     * @param contextKey what config.json calls the context length
     * @param epsilonKey and the number that norms add
     * @throws TwofoldException of kind INPUT that names what is beyond a limit
     */
    static void check(ConfigFile config, Decoder decoder, String contextKey, String epsilonKey) {
        int context = decoder.facts().contextLength();
        if (context > MAX_CONTEXT) {
            throw config.wrong(contextKey, "the context is too long")
                    .found(context)
                    .expected("at most " + MAX_CONTEXT)
                    .hint("copy the checkpoint, and write into the copy's config the length that the model was"
                            + " trained for");
        }
        decoder.rotaries().stream().filter(rotary -> !turns(rotary)).findFirst().ifPresent(rotary -> {
            throw config.wrong("rope_theta or rope_scaling", "the rotary positions turn faster than numbers can say")
                    .found("theta " + rotary.theta())
                    .hint("compare this file with the one on the model's page");
        });
        Stream<Norm> norms =
                decoder.branches().flatMap(branch -> Stream.concat(branch.in().stream(), branch.out().stream()));
        Stream.concat(norms, Stream.of(decoder.finalNorm()))
                .map(Norm::epsilon)
                .filter(epsilon -> !(epsilon >= Float.MIN_NORMAL && epsilon <= 1))
                .findFirst()
                .ifPresent(epsilon -> {
                    throw config.wrong(epsilonKey, "an epsilon that norms cannot use in float32")
                            .found(epsilon)
                            .expected(Float.MIN_NORMAL + " to 1");
                });
    }

    private static boolean turns(Rotary rotary) {
        return IntStream.range(0, rotary.width() / 2)
                .mapToDouble(rotary::frequency)
                .allMatch(frequency -> frequency >= 0 && frequency <= MAX_FREQUENCY);
    }
}
