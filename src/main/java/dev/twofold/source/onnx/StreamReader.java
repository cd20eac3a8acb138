package dev.twofold.source.onnx;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Step;
import dev.twofold.diag.Origin;
import dev.twofold.source.onnx.StepsReader.Reading;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The steps of the stream, by what each branch reads of it. */
record StreamReader(ModelGraph graph, Addends addends) {

    /**
     * @param all that the last norm reads the sum of
     * @param begin those of them that are the embedding
     * @param found the branches that the others are
     */
    List<Step> steps(List<Value> all, List<Value> begin, List<Found> found, Layers layers) {
        return new StepsReader(graph).steps(readings(all, begin, found, layers), numbers(all, begin));
    }

    private List<Reading> readings(List<Value> all, List<Value> begin, List<Found> found, Layers layers) {
        Map<Value, Integer> places = new HashMap<>();
        IntStream.range(0, all.size()).forEach(i -> places.put(all.get(i), i));
        BitSet first = numbers(all, begin);
        List<Reading> readings = new ArrayList<>();
        for (Found one : found) {
            List<Integer> own = layers.of(one);
            BitSet reads = new BitSet();
            for (Value read : addends.of(one.stream())) {
                Integer place = places.get(read);
                if (place == null) {
                    throw new Unrecognised(graph, own).at(read, "the stream, or a norm of it, as what a branch reads");
                }
                reads.set(place);
            }
            BitSet missing = (BitSet) first.clone();
            missing.andNot(reads);
            if (!missing.isEmpty()) {
                throw new Unrecognised(graph, own).at(one.stream(), "the stream with the embedding in it");
            }
            Branch branch = new Branch(
                    one.in(),
                    one.body().apply(own),
                    one.out(),
                    new Origin(graph.file().toString(), own, ""));
            readings.add(new Reading(one, branch, places.getOrDefault(one.addend(), 0), reads));
        }
        return readings;
    }

    private static BitSet numbers(List<Value> all, List<Value> some) {
        BitSet numbers = new BitSet();
        some.forEach(value -> numbers.set(all.indexOf(value)));
        return numbers;
    }
}
