package dev.twofold.checkpoint;

import dev.twofold.decoder.Linear;
import dev.twofold.family.AttentionStyle.Fused;
import java.util.ArrayList;
import java.util.List;

/** Cuts query, key and value out of one matrix. */
record FusedProjections(ModelShape shape) {

    /** Query, key and value, each with its heads in order. */
    List<Linear> queryKeyValue(Linear all, Fused order) {
        return switch (order) {
            case STACKED -> stacked(all);
            case BY_KV_HEAD -> byKvHead(all);
            case IN_FOUR -> inParts(all, 4);
        };
    }

    private List<Linear> stacked(Linear all) {
        long queries = shape.queryRows();
        long keys = shape.keyRows();
        return List.of(
                all.rows(0, queries), all.rows(queries, queries + keys), all.rows(queries + keys, queries + 2 * keys));
    }

    /** Each part has as many rows of queries, then of values, then of keys. */
    private List<Linear> inParts(Linear all, int parts) {
        long each = shape.queryRows() / parts;
        List<Linear> query = new ArrayList<>();
        List<Linear> key = new ArrayList<>();
        List<Linear> value = new ArrayList<>();
        for (long begin = 0; begin < parts * 3 * each; begin += 3 * each) {
            query.add(all.rows(begin, begin + each));
            value.add(all.rows(begin + each, begin + 2 * each));
            key.add(all.rows(begin + 2 * each, begin + 3 * each));
        }
        return List.of(Linear.stack(query), Linear.stack(key), Linear.stack(value));
    }

    private List<Linear> byKvHead(Linear all) {
        long size = shape.headSize();
        long queries = shape.heads() / shape.kvHeads() * size;
        long group = queries + 2 * size;
        List<Linear> query = new ArrayList<>();
        List<Linear> key = new ArrayList<>();
        List<Linear> value = new ArrayList<>();
        for (long begin = 0; begin < shape.kvHeads() * group; begin += group) {
            long keyBegin = begin + queries;
            query.add(all.rows(begin, keyBegin));
            key.add(all.rows(keyBegin, keyBegin + size));
            value.add(all.rows(keyBegin + size, begin + group));
        }
        return List.of(Linear.stack(query), Linear.stack(key), Linear.stack(value));
    }
}
