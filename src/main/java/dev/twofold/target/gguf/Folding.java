package dev.twofold.target.gguf;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Embedding;
import dev.twofold.decoder.Linear;
import dev.twofold.weight.Weights;
import java.util.List;

/**
 * Moves what deci has no key for into weights: what the embedding is multiplied by into its table, which is then no head any
 * more, and what scores are multiplied by, as far as it is unusual, into the queries.
 */
final class Folding {

    private Folding() {}

    static Decoder fold(Decoder decoder) {
        Embedding embedding = decoder.embedding();
        Embedding folded = new Embedding(Weights.times(embedding.table(), embedding.scale()), 1, embedding.positions());
        return new Decoder(
                decoder.facts(),
                folded,
                decoder.steps(),
                decoder.finalNorm(),
                decoder.head(),
                decoder.logitCap(),
                decoder.precision());
    }

    static List<Block> fold(List<Block> blocks) {
        return blocks.stream()
                .map(block -> new Block(fold(block.attention(), block.heads()), block.feedForward()))
                .toList();
    }

    private static Branch fold(Branch branch, Attention attention) {
        AttentionRule rule = attention.rule();
        double usual = 1 / Math.sqrt(rule.headSize());
        double factor = rule.scale() / usual;
        // Not by less than float32 can tell.
        if (Math.abs(factor - 1) < 1e-7) {
            return branch;
        }
        Linear query = new Linear(
                Weights.times(attention.query().weight(), factor),
                attention.query().bias().map(bias -> Weights.times(bias, factor)));
        return branch.withBody(new Attention(
                attention.latents(),
                query,
                attention.key(),
                attention.value(),
                attention.output(),
                attention.norms(),
                attention.scores(),
                rule.withScale(usual),
                attention.members()));
    }
}
