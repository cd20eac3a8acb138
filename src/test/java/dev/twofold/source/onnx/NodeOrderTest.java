package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.graph.proto.NodeProto;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nodes come after what makes their inputs, wherever they stand in a file. */
final class NodeOrderTest {

    private static final NodeProto FIRST = node("first", "given");
    private static final NodeProto SECOND = node("second", "first");
    private static final NodeProto THIRD = node("third", "second", "first");
    private static final NodeProto OTHER = node("other", "given");

    private static NodeProto node(String output, String... inputs) {
        return NodeProto.newBuilder()
                .setName(output)
                .addAllInput(List.of(inputs))
                .addOutput(output)
                .build();
    }

    @Test
    void what_is_in_order_keeps_its_order() {
        assertThat(NodeOrder.sorted(List.of(FIRST, SECOND, OTHER, THIRD))).containsExactly(FIRST, SECOND, OTHER, THIRD);
    }

    @Test
    void what_makes_an_input_comes_first() {
        assertThat(NodeOrder.sorted(List.of(THIRD, SECOND, OTHER, FIRST))).containsExactly(OTHER, FIRST, SECOND, THIRD);
    }

    @Test
    void a_circle_comes_last() {
        NodeProto one = node("one", "two");
        NodeProto two = node("two", "one");
        assertThat(NodeOrder.sorted(List.of(one, two, FIRST))).containsExactly(FIRST, one, two);
    }
}
