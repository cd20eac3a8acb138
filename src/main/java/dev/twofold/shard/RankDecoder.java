package dev.twofold.shard;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.Sharding;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.decoder.Step;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The part of a sharded decoder that one device runs. What the devices' parts of a step add up to is what the step
 * adds to the stream.
 *
 * <pre>
 * one device                  placement heads, device r of N            placement layers, device r of N
 *   x += A4(n(x)) + A5(n(x))    x += sum over r of A4[r/N] + A5[r/N]      r &lt; N/2:  x += sum of A4[r of N/2]
 *   x += F4(n(x)) + F5(n(x))    x += sum over r of F4[r/N] + F5[r/N]      r >= N/2: x += sum of A5[r - N/2 of N/2]
 * </pre>
 *
 * <p>Norms, positions and, unless the vocabulary is cut, embedding and head are on every device. A widened feed-forward
 * is cut as the one layer that it is.
 */
public final class RankDecoder {

    private final Sharding sharding;
    private final int rank;

    private RankDecoder(Sharding sharding, int rank) {
        this.sharding = sharding;
        this.rank = rank;
    }

    /** The parts of all devices in order; a decoder that is not sharded is its own and only part. */
    public static List<Decoder> all(Decoder decoder) {
        return decoder.sharding()
                .map(cut -> IntStream.range(0, cut.devices())
                        .mapToObj(rank -> of(decoder, rank))
                        .toList())
                .orElse(List.of(decoder));
    }

    /** @param decoder sharded, and not yet cut */
    public static Decoder of(Decoder decoder, int rank) {
        Sharding sharding = decoder.sharding().orElseThrow();
        Decoder part = new RankDecoder(sharding, rank).of(decoder);
        DecoderVerifier.verify(part);
        return part;
    }

    private Decoder of(Decoder decoder) {
        int rows = decoder.facts().vocabularySize() / sharding.devices();
        long begin = (long) rank * rows;
        long end = begin + rows;
        return new Decoder(
                decoder.facts(),
                sharding.vocabulary() ? decoder.embedding().rows(begin, end) : decoder.embedding(),
                decoder.steps().stream().map(this::part).toList(),
                decoder.finalNorm(),
                sharding.vocabulary() ? decoder.head().rows(begin, end) : decoder.head(),
                decoder.logitCap(),
                decoder.precision(),
                Optional.of(sharding.ofRank(rank)));
    }

    /** Attentions of a step are dealt to the devices apart from its feed-forwards. */
    private Step part(Step step) {
        return new Step(step.byKind().stream()
                .flatMap(branches ->
                        (sharding.placement() == Placement.HEADS ? byHeads(branches) : byLayers(branches)).stream())
                .toList());
    }

    private List<Branch> byHeads(List<Branch> branches) {
        DevicePart part = new DevicePart(rank, sharding.devices());
        return branches.stream()
                .map(branch -> branch.withBody(branch.body().match(part)))
                .toList();
    }

    private List<Branch> byLayers(List<Branch> branches) {
        List<Branch> layers = branches.stream().flatMap(RankDecoder::apart).toList();
        int devices = sharding.devices() / layers.size();
        Branch own = layers.get(rank / devices);
        Branch part = own.withBody(own.body().match(new DevicePart(rank % devices, devices)));
        return List.of(devices == 1 ? finished(part) : part);
    }

    /** A branch that one device has whole, with the norm of its result before the sum over the devices, not after it. */
    private static Branch finished(Branch branch) {
        return branch.out().isEmpty()
                ? branch
                : new Branch(Optional.empty(), new Chain(List.of(Step.of(branch))), Optional.empty(), branch.origin());
    }

    /** A widened attention as the attentions of its layers. */
    private static Stream<Branch> apart(Branch branch) {
        List<Attention> layers = branch.body()
                .attentions()
                .flatMap(attention -> attention.split().stream())
                .toList();
        return layers.isEmpty() ? Stream.of(branch) : layers.stream().map(branch::withBody);
    }
}
