package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Sharding;
import dev.twofold.decoder.Step;
import dev.twofold.shard.RankDecoder;
import dev.twofold.target.Part;
import dev.twofold.target.Target;
import java.util.List;

/**
 * What a sharded model asks of its devices.
 *
 * @param allReduces a token
 * @param exchangedBytesPerToken size of all values that are summed or gathered for a token
 * @param ranks of each device
 */
public record ShardingCost(int allReduces, long exchangedBytesPerToken, List<OfRank> ranks) {

    /**
     * @param weightBytes of what the device has of the weights
     * @param kvBytesPerToken of keys and values
     */
    public record OfRank(long weightBytes, long kvBytesPerToken) {}

    public ShardingCost {
        ranks = List.copyOf(ranks);
    }

    /** @param decoder sharded */
    static ShardingCost of(Decoder decoder, Target target) {
        Sharding sharding = decoder.sharding().orElseThrow();
        long bytes = decoder.precision().dtype().bits() / 8;
        List<Decoder> parts = RankDecoder.all(decoder);
        long sums = parts.get(0).steps().stream().mapToInt(Step::sums).sum() + (sharding.vocabulary() ? 1 : 0);
        long values = sums * decoder.facts().hiddenSize()
                + (sharding.vocabulary() ? decoder.facts().vocabularySize() : 0);
        List<OfRank> ranks = parts.stream()
                .map(part -> target.preview(Part.whole(part)))
                .map(preview -> new OfRank(preview.weightBytes(), preview.kvBytesPerToken()))
                .toList();
        return new ShardingCost(decoder.allReduces(), values * bytes, ranks);
    }

    /** Of the device with the most weights. */
    public OfRank largest() {
        return ranks.stream()
                .reduce((a, b) -> a.weightBytes() >= b.weightBytes() ? a : b)
                .orElseThrow();
    }
}
