package dev.twofold.decoder;

import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Operators that read the same value and whose results are summed, as one: one product {@code [q k v | gate up]} of what they read,
 * and one product over {@code [heads | hidden activations]}, in which the sum is made. Such a block is what GPT-J and PaLM are
 * trained with.
 *
 * @param parts two or more that have a last projection: attentions first, then feed-forwards
 */
public record Parallel(List<Operator> parts) implements Operator {

    public Parallel {
        parts = List.copyOf(parts);
        if (parts.size() < 2 || parts.stream().anyMatch(part -> part.writer().isEmpty())) {
            throw new IllegalArgumentException("no parallel operator of " + parts.size() + " such parts");
        }
    }

    /**
     * The branches of a step, with attentions and feed-forwards that read one value through one norm as one branch, where a step
     * has both. What passes through a norm before it is added, and experts and chains, stay apart.
     */
    public static List<Branch> join(List<Branch> branches) {
        Map<Norm, List<Branch>> byNorm = new LinkedHashMap<>();
        for (Branch branch : branches) {
            if (branch.out().isEmpty() && branch.body().writer().isPresent()) {
                branch.in()
                        .ifPresent(norm -> byNorm.computeIfAbsent(norm, key -> new ArrayList<>())
                                .add(branch));
            }
        }
        List<Branch> joined = new ArrayList<>(branches);
        byNorm.values().forEach(alike -> {
            if (alike.stream().map(branch -> branch.body().kind()).distinct().count() > 1) {
                joined.set(joined.indexOf(alike.get(0)), one(alike));
                joined.removeAll(alike);
            }
        });
        return joined;
    }

    private static Branch one(List<Branch> branches) {
        List<Operator> parts = branches.stream()
                .flatMap(branch -> branch.body().parts().stream())
                .sorted(Comparator.comparing(Operator::kind))
                .toList();
        List<Integer> layers = branches.stream()
                .flatMap(branch -> branch.origin().layers().stream())
                .distinct()
                .sorted()
                .toList();
        Branch first = branches.get(0);
        return new Branch(
                first.in(), new Parallel(parts), first.out(), first.origin().withLayers(layers));
    }

    @Override
    public Kind kind() {
        return Kind.PARALLEL;
    }

    @Override
    public <R> R match(Cases<R> cases) {
        return cases.parallel(this);
    }

    @Override
    public List<Linear> readers() {
        return parts.stream().flatMap(part -> part.readers().stream()).toList();
    }

    @Override
    public List<String> readerNames() {
        return parts.stream().flatMap(part -> part.readerNames().stream()).toList();
    }

    @Override
    public Parallel withReaders(List<Linear> readers) {
        List<Operator> others = new ArrayList<>();
        int next = 0;
        for (Operator part : parts) {
            int end = next + part.readers().size();
            others.add(part.withReaders(readers.subList(next, end)));
            next = end;
        }
        return new Parallel(others);
    }

    @Override
    public Optional<Linear> writer() {
        return Optional.of(Linear.sum(
                parts.stream().map(part -> part.writer().orElseThrow()).toList()));
    }

    @Override
    public Parallel withWriter(Linear other) {
        List<Operator> others = new ArrayList<>();
        long next = 0;
        for (Operator part : parts) {
            long end = next + part.writer().orElseThrow().weight().shape().dim(1);
            others.add(part.withWriter(other.columns(next, end, others.isEmpty())));
            next = end;
        }
        return new Parallel(others);
    }

    @Override
    public Stream<Weight> weights() {
        return parts.stream().flatMap(Operator::weights);
    }

    @Override
    public Stream<Attention> attentions() {
        return parts.stream().flatMap(Operator::attentions);
    }

    /** Hidden activations of all feed-forwards together. */
    @Override
    public long width() {
        return parts.stream().mapToLong(Operator::width).sum();
    }

    /** A part for each of these, of the same kinds. */
    public Parallel withParts(List<Operator> others) {
        boolean same = others.size() == parts.size()
                && IntStream.range(0, parts.size())
                        .allMatch(i -> others.get(i).kind() == parts.get(i).kind());
        if (!same) {
            throw new IllegalArgumentException("other kinds of parts");
        }
        return new Parallel(others);
    }
}
