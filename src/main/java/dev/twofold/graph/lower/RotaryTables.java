package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.graph.GraphBuilder;
import dev.twofold.graph.proto.AttributeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Cosines and sines of every kind of rotary positions that a decoder has. */
record RotaryTables(Map<Rotary, Tables> tables) {

    /** Names of initializers, {@code [positions, width / 2]}. */
    record Tables(String cosines, String sines) {}

    static RotaryTables of(GraphBuilder graph, Decoder decoder) {
        Map<Rotary, Tables> tables = new HashMap<>();
        decoder.rotaries()
                .forEach(rotary -> tables.put(
                        rotary,
                        new Tables(
                                graph.weight("rotary.cosines", rotary.cosines()),
                                graph.weight("rotary.sines", rotary.sines()))));
        return new RotaryTables(tables);
    }

    /** What RotaryEmbedding needs to be told, in either domain. */
    static AttributeProto[] attributes(Rotary rotary, int heads, int headSize) {
        List<AttributeProto> attributes = new ArrayList<>(List.of(integer("num_heads", heads)));
        if (rotary.width() != headSize) {
            attributes.add(integer("rotary_embedding_dim", rotary.width()));
        }
        if (rotary.interleaved()) {
            attributes.add(integer("interleaved", 1));
        }
        return attributes.toArray(AttributeProto[]::new);
    }

    Tables of(Rotary rotary) {
        Tables known = tables.get(rotary);
        if (known == null) {
            throw new IllegalStateException("no tables for " + rotary);
        }
        return known;
    }
}
