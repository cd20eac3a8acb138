package dev.twofold.source.onnx;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts branches into steps. A branch reads the stream when some branches have been added to it: their set. Branches of one set are a
 * step, if those of the next set read what all of them have added; those that read what only some of a step have added are a chain.
 */
final class StepsReader {

    /**
     * A branch, and what is in the stream that it reads.
     *
     * @param number of what it adds
     */
    record Reading(Found found, Branch branch, int number, BitSet reads) {}

    private final ModelGraph graph;

    StepsReader(ModelGraph graph) {
        this.graph = graph;
    }

    /**
     * @param readings in the order in which they are added
     * @param begin what is in the stream before any of them
     */
    List<Step> steps(List<Reading> readings, BitSet begin) {
        List<Step> steps = new ArrayList<>();
        List<Reading> rest = readings;
        BitSet current = begin;
        while (!rest.isEmpty()) {
            List<Reading> left = rest;
            Optional<BitSet> next = next(rest, current);
            List<Reading> step = next.map(set ->
                            left.stream().filter(one -> set.get(one.number)).toList())
                    .orElse(rest);
            steps.add(step(step, current));
            if (next.isEmpty()) {
                return steps;
            }
            current = next.get();
            rest = rest.stream().filter(one -> !step.contains(one)).toList();
        }
        return steps;
    }

    /** The least set that later branches read, which all that are in it are added to and no other reads a part of. */
    private static Optional<BitSet> next(List<Reading> rest, BitSet current) {
        return rest.stream()
                .map(Reading::reads)
                .distinct()
                .filter(set -> set.cardinality() > current.cardinality() && contains(set, current))
                .sorted(Comparator.comparingInt(BitSet::cardinality))
                .filter(set -> rest.stream().allMatch(one -> contains(one.reads, set) || set.get(one.number)))
                .findFirst();
    }

    private static boolean contains(BitSet whole, BitSet part) {
        BitSet missing = (BitSet) part.clone();
        missing.andNot(whole);
        return missing.isEmpty();
    }

    private Step step(List<Reading> readings, BitSet current) {
        List<List<Reading>> groups = connected(readings, current);
        List<Branch> branches = new ArrayList<>();
        for (List<Reading> group : groups) {
            boolean single = group.size() == 1 && group.get(0).reads.equals(current);
            if (single) {
                branches.add(group.get(0).branch);
            } else if (next(group, current).isEmpty()) {
                throw Unrecognised.in(graph)
                        .at(group.get(0).found.addend(), "a branch that reads what whole steps before it added");
            } else {
                branches.add(chain(group, current));
            }
        }
        return new Step(branches);
    }

    private Branch chain(List<Reading> group, BitSet current) {
        List<Integer> layers = group.stream()
                .flatMap(one -> one.branch.origin().layers().stream())
                .distinct()
                .toList();
        Origin origin = group.get(0).branch.origin().withLayers(layers);
        return new Branch(Optional.empty(), new Chain(steps(group, current)), Optional.empty(), origin);
    }

    /** Branches that read what others of them added, with these. */
    private static List<List<Reading>> connected(List<Reading> readings, BitSet current) {
        List<List<Reading>> groups = new ArrayList<>();
        Map<Integer, List<Reading>> groupOf = new HashMap<>();
        for (Reading reading : readings) {
            BitSet own = (BitSet) reading.reads.clone();
            own.andNot(current);
            List<Reading> group = new ArrayList<>();
            groups.add(group);
            // One after the other, what it reads may bring groups together.
            for (int number = own.nextSetBit(0); number >= 0; number = own.nextSetBit(number + 1)) {
                List<Reading> other = groupOf.getOrDefault(number, group);
                if (other != group) {
                    other.addAll(group);
                    groups.remove(group);
                    List<Reading> joined = other;
                    group.forEach(one -> groupOf.put(one.number, joined));
                    group = other;
                }
            }
            group.add(reading);
            groupOf.put(reading.number, group);
        }
        groups.forEach(group -> group.sort(Comparator.comparingInt(Reading::number)));
        return groups;
    }
}
