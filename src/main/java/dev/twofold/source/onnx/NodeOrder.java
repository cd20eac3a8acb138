package dev.twofold.source.onnx;

import dev.twofold.graph.proto.NodeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Brings nodes into an order in which each comes after what makes its inputs, as ONNX Runtime does: converters to half precision put
 * casts of inputs at the end of the file.
 */
final class NodeOrder {

    private NodeOrder() {}

    /**
     * In the order of the file as far as that can be; nodes in a circle, and those after it, come last.
     *
     * @param nodes of a graph, in the order of the file
     */
    static List<NodeProto> sorted(List<NodeProto> nodes) {
        Map<String, Integer> makers = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (String output : nodes.get(i).getOutputList()) {
                makers.putIfAbsent(output, i);
            }
        }
        List<List<Integer>> readers = new ArrayList<>();
        int[] missing = new int[nodes.size()];
        for (int i = 0; i < nodes.size(); i++) {
            readers.add(new ArrayList<>());
        }
        for (int i = 0; i < nodes.size(); i++) {
            for (String input : new HashSet<>(nodes.get(i).getInputList())) {
                Integer maker = input.isEmpty() ? null : makers.get(input);
                if (maker != null) {
                    readers.get(maker).add(i);
                    missing[i]++;
                }
            }
        }
        return sorted(nodes, readers, missing);
    }

    /** @param missing how many inputs of each node are not made yet */
    private static List<NodeProto> sorted(List<NodeProto> nodes, List<List<Integer>> readers, int[] missing) {
        PriorityQueue<Integer> ready = new PriorityQueue<>();
        for (int i = 0; i < missing.length; i++) {
            if (missing[i] == 0) {
                ready.add(i);
            }
        }
        List<NodeProto> sorted = new ArrayList<>();
        Set<Integer> done = new HashSet<>();
        while (!ready.isEmpty()) {
            int next = ready.remove();
            sorted.add(nodes.get(next));
            done.add(next);
            for (int reader : readers.get(next)) {
                if (--missing[reader] == 0) {
                    ready.add(reader);
                }
            }
        }
        for (int i = 0; i < nodes.size(); i++) {
            if (!done.contains(i)) {
                sorted.add(nodes.get(i));
            }
        }
        return List.copyOf(sorted);
    }
}
