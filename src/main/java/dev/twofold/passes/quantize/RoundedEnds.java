package dev.twofold.passes.quantize;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.weight.Weight;
import java.util.List;

/** The embedding and the head, which are rounded as one if they are tied. */
record RoundedEnds(MatrixRounding rounding) {

    /** @param rounder of the head; an embedding of its own is multiplied with nothing */
    Decoder round(Decoder decoder, Rounder rounder) {
        Weight head = round(MatrixName.HEAD, decoder.head().weight(), rounder);
        Weight table = decoder.tied()
                ? head
                : round(MatrixName.EMBEDDING, decoder.embedding().table(), Rounder.NEAREST);
        return decoder.withEnds(
                decoder.embedding().withTable(table),
                new Linear(head, decoder.head().bias()));
    }

    private Weight round(MatrixName name, Weight matrix, Rounder rounder) {
        return rounding.blocks(name, List.of())
                .map(blocks -> rounder.round(matrix, blocks, name.toString()))
                .orElse(matrix);
    }
}
