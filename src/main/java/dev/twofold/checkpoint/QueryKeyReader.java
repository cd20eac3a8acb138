package dev.twofold.checkpoint;

import dev.twofold.decoder.Norm;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.QueryKeyNorm.Span;
import dev.twofold.family.QueryKeyStyle;
import dev.twofold.family.QueryKeyStyle.HeadGains;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.Optional;
import java.util.stream.IntStream;

/** Reads the norms of queries and keys. */
record QueryKeyReader(
        QueryKeyStyle style, Settings settings, ModelShape shape, TensorSource tensors, NormReader norms) {

    /**
     * @param prefix of the layer's tensors
     * @param positioned whether the layer has positions
     */
    Optional<QueryKeyNorm> read(String prefix, boolean positioned) {
        if (!style.isPresent() || !settings.flag(style.when(), true) || style.positioned() && !positioned) {
            return Optional.empty();
        }
        Norm query = norm(prefix + style.query(), shape.heads());
        Norm key = norm(prefix + style.key(), shape.kvHeads());
        return Optional.of(
                switch (style.gains()) {
                    case SHARED, NONE ->
                        QueryKeyNorm.everyHead(style.turned(), query, shape.heads(), key, shape.kvHeads());
                    case ROWS, TENSORS -> new QueryKeyNorm(Span.HEAD, style.turned(), query, key);
                    case WIDTH -> new QueryKeyNorm(Span.WIDTH, false, query, key);
                });
    }

    private Norm norm(String name, int heads) {
        long size = shape.headSize();
        if (style.gains() == HeadGains.NONE) {
            return norms.unit(size);
        }
        return norms.norm(
                switch (style.gains()) {
                    case SHARED -> tensors.tensor(name + ".weight", size);
                    case ROWS -> tensors.flattened(name + ".weight", heads, size);
                    case TENSORS -> byHead(name, heads, size);
                    case WIDTH -> tensors.tensor(name + ".weight", heads * size);
                    case NONE -> throw new IllegalStateException("a gain of norms that have none");
                });
    }

    private Weight byHead(String name, int heads, long size) {
        return Weights.stack(
                0,
                IntStream.range(0, heads)
                        .mapToObj(
                                head -> tensors.tensor(name.replace("{head}", String.valueOf(head)) + ".weight", size))
                        .toList());
    }
}
