package dev.twofold.source.onnx;

import dev.twofold.decoder.Latent;
import dev.twofold.decoder.Norm;
import java.util.List;
import java.util.Optional;

/**
 * What projections read: what their branch reads, or a latent that is made of that.
 *
 * @param input what the branch reads
 */
record LatentSource(Value input, Optional<Latent> latent) {

    /** A latent is a norm of a projection, or of the first part of one whose rest is beside it. */
    static LatentSource of(Value read) {
        return normed(read).or(() -> beside(read)).orElse(new LatentSource(read, Optional.empty()));
    }

    private static Optional<LatentSource> normed(Value read) {
        return read.as(Term.Normed.class).flatMap(normed -> latent(normed.x(), normed.norm()));
    }

    private static Optional<LatentSource> beside(Value read) {
        return read.as(Term.Joined.class).map(Term.Joined::parts).flatMap(LatentSource::beside);
    }

    private static Optional<LatentSource> beside(List<Value> parts) {
        Optional<Term.Normed> first = parts.get(0).as(Term.Normed.class);
        Optional<Term.Part> normed = first.flatMap(norm -> norm.x().as(Term.Part.class));
        Optional<Term.Part> rest = parts.get(parts.size() - 1).as(Term.Part.class);
        return normed.flatMap(part -> rest.filter(other -> parts.size() == 2
                        && part.x() == other.x()
                        && part.from() == 0
                        && part.to() == other.from()
                        && other.to() == other.x().width())
                .flatMap(other -> latent(part.x(), first.orElseThrow().norm())));
    }

    private static Optional<LatentSource> latent(Value product, Norm norm) {
        return Projections.of(product)
                .filter(found -> found.clip().isEmpty())
                .map(found -> new LatentSource(found.x(), Optional.of(new Latent(found.linear(), norm))));
    }
}
