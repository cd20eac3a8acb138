package dev.twofold.graph;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.tensor.DType;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A node that is not in the table of operators is a bug of ours, and found where it is made. */
final class GraphBuilderTest {

    private final GraphBuilder graph = new GraphBuilder(DType.F32);

    private void add(String domain, String operator, int inputs, int outputs) {
        graph.node("n", domain, operator, Collections.nCopies(inputs, "x"), outputs);
    }

    @ParameterizedTest
    @CsvSource({"'', Gelus, Gelus", "com.microsoft, MatMul, com.microsoft.MatMul", "'', FusedMatMul, FusedMatMul"})
    void refuses_an_operator_that_its_domain_does_not_have(String domain, String operator, String name) {
        assertThatThrownBy(() -> add(domain, operator, 2, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("node n is of the operator " + name + ", which is not in the table of operators");
    }

    @ParameterizedTest
    @CsvSource({
        "MatMul, 3, 1, '3 inputs, not 2'",
        "Slice, 2, 1, '2 inputs, not 3 to 5'",
        "Concat, 0, 1, '0 inputs, not 1 or more'",
        "TopK, 2, 1, '1 outputs, not 2'"
    })
    void refuses_a_number_of_inputs_or_outputs_that_the_operator_does_not_take(
            String operator, int inputs, int outputs, String problem) {
        assertThatThrownBy(() -> add("", operator, inputs, outputs))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("node n (" + operator + ") has " + problem);
    }

    @Test
    void takes_what_is_optional_or_as_many_as_one_likes() {
        add("", "Slice", 3, 1);
        add("", "Slice", 5, 1);
        add("", "Concat", 100, 1);
    }
}
