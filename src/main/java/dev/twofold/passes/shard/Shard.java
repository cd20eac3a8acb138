package dev.twofold.passes.shard;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Sharding;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import dev.twofold.shard.RankDecoder;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides how the decoder is cut over devices. The emission cuts it with {@link RankDecoder}, which draws the steps
 * before and after.
 *
 * <p>Does not fire for one device. Does not apply where a layer's heads, KV heads or feed-forward do not divide, or, to
 * one-sync groups, unless each of their layers has a device of its own.
 */
public final class Shard implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "shard",
            "cut the model over devices",
            "- shard: {devices: 2, placement: heads, vocabulary: false}   or {devices: 8, placement: layers}",
            PassSpec.Effect.EXACT,
            Options.class,
            Set.of(),
            Set.of(Property.SHARDED),
            Set.of(),
            Shard::new);

    /**
     * @param devices how many
     * @param placement heads if not given
     * @param vocabulary whether to cut the embedding and the head too; not if not given
     */
    public record Options(
            @Nullable Integer devices,
            @Nullable Placement placement,
            @Nullable Boolean vocabulary) {

        /** Whether it asks for more than one device, or does not say. */
        public boolean cuts() {
            return devices == null || devices > 1;
        }
    }

    private final Options options;
    private final Placement placement;
    private final boolean vocabulary;

    public Shard(Options options) {
        this.options = options;
        this.placement = options.placement() == null ? Placement.HEADS : options.placement();
        this.vocabulary = Boolean.TRUE.equals(options.vocabulary());
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (options.devices() == null || options.devices() < 1) {
            String found = options.devices() == null
                    ? "it does not say over how many devices"
                    : options.devices() + " devices";
            return Optional.of(new NotApplicable(found, "say how many, such as devices: 2"));
        }
        if (facts.properties().contains(Property.SHARDED)) {
            return Optional.of(new NotApplicable("the model is sharded already", "shard it once, at the end"));
        }
        return options.devices() == 1
                ? Optional.empty()
                : new DeviceCounts(facts, placement, vocabulary).refusal(options.devices());
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        int devices = options.devices() == null ? 1 : options.devices();
        return devices == 1
                ? decoder
                : decoder.withSharding(new Sharding(devices, placement, vocabulary, OptionalInt.empty()));
    }
}
