package dev.twofold.passes.compensate;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import java.util.List;

/**
 * The projections of an operator, by what they do.
 *
 * @param names of the readers
 * @param readers those that read the normalized stream
 * @param writer the one whose output is added to the stream
 */
record Projections(String operator, List<String> names, List<Linear> readers, Linear writer) {

    static Projections of(Operator operator) {
        if (operator instanceof Attention attention) {
            return new Projections(
                    "attention",
                    List.of("q", "k", "v"),
                    List.of(attention.query(), attention.key(), attention.value()),
                    attention.output());
        } else if (operator instanceof FeedForward feedForward) {
            return new Projections(
                    "feed-forward",
                    List.of("gate", "up"),
                    List.of(feedForward.gate(), feedForward.up()),
                    feedForward.down());
        }
        throw new IllegalArgumentException("no projections to refit in " + operator);
    }

    /** The operator with other projections in their places. */
    static Operator replace(Operator operator, List<Linear> readers, Linear writer) {
        if (operator instanceof Attention attention) {
            return new Attention(
                    readers.get(0), readers.get(1), readers.get(2), writer, attention.headSize(), attention.members());
        } else if (operator instanceof FeedForward) {
            return new FeedForward(readers.get(0), readers.get(1), writer);
        }
        throw new IllegalArgumentException("no projections to refit in " + operator);
    }

    /** Columns of the last projection of a branch. */
    static int writerInputs(Branch branch) {
        return Math.toIntExact(of(branch.body()).writer().weight().shape().dim(1));
    }
}
