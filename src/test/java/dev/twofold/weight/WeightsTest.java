package dev.twofold.weight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Combined;
import dev.twofold.weight.Weight.Described;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weight.Sliced;
import dev.twofold.weight.Weight.Stacked;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weight.Transposed;
import dev.twofold.weight.Weight.Woven;
import dev.twofold.weight.Weights.Element;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightsTest {

    private final Stored a = stored("a", 2, 4);
    private final Stored b = stored("b", 3, 4);
    private final Stored c = stored("c", 5, 4);

    private static Stored stored(String name, long... shape) {
        return new Stored(Path.of("file"), name, 0, DType.F32, Shape.of(shape));
    }

    @Test
    void weaves_strands_and_back() {
        Weight rows = stored("rows", 8, 2);
        Weight woven = Weights.weave(rows, 2, 4);
        assertThat(woven).isEqualTo(new Woven(rows, 2, 4));
        assertThat(Weights.weave(woven, 4, 2)).isEqualTo(rows);
        assertThat(Weights.weave(rows, 1, 8)).isEqualTo(rows);
        assertThat(Weights.describe(woven)).isEqualTo("weave2(rows)");
        // 0 4 1 5 2 6 3 7
        assertThat(Weights.at(woven, 3, 1).orElseThrow().row()).isEqualTo(5);
    }

    @Test
    void nested_stacks_along_one_axis_become_one() {
        assertThat(Weights.stack(0, List.of(Weights.stack(0, List.of(a, b)), c)))
                .isEqualTo(new Stacked(0, List.of(a, b, c)));
    }

    @Test
    void a_stack_along_the_other_axis_stays_a_part() {
        Weight wide = new Stacked(1, List.of(stored("x", 2, 1), stored("y", 2, 3)));
        assertThat(Weights.stack(0, List.of(wide, b))).isEqualTo(new Stacked(0, List.of(wide, b)));
    }

    @Test
    void a_stack_of_one_part_is_the_part() {
        assertThat(Weights.stack(0, List.of(a))).isEqualTo(a);
    }

    @Test
    void a_slice_of_everything_is_the_source() {
        assertThat(Weights.slice(a, 0, 0, 2)).isEqualTo(a);
        assertThat(Weights.slice(a, 1, 0, 4)).isEqualTo(a);
    }

    @Test
    void a_slice_of_whole_parts_is_the_stack_of_them() {
        Weight stack = Weights.stack(0, List.of(a, b, c));
        assertThat(Weights.slice(stack, 0, 2, 10)).isEqualTo(new Stacked(0, List.of(b, c)));
        assertThat(Weights.slice(stack, 0, 2, 5)).isEqualTo(b);
    }

    @Test
    void a_slice_that_cuts_a_part_or_runs_along_the_other_axis_stays_a_slice() {
        Weight stack = Weights.stack(0, List.of(a, b, c));
        assertThat(Weights.slice(stack, 0, 1, 5)).isEqualTo(new Sliced(stack, 0, 1, 5));
        assertThat(Weights.slice(stack, 0, 2, 4)).isEqualTo(new Sliced(stack, 0, 2, 4));
        assertThat(Weights.slice(stack, 1, 0, 2)).isEqualTo(new Sliced(stack, 1, 0, 2));
    }

    @Test
    void transposing_twice_is_the_weight_itself() {
        assertThat(Weights.transpose(a)).isEqualTo(new Transposed(a));
        assertThat(Weights.transpose(Weights.transpose(a))).isSameAs(a);
    }

    @Test
    void a_sum_or_mean_of_one_weight_is_that_weight() {
        assertThat(Weights.sum(List.of(a))).isEqualTo(a);
        assertThat(Weights.mean(List.of(a))).isEqualTo(a);
        Stored other = stored("other", 2, 4);
        assertThat(Weights.sum(List.of(a, other))).isEqualTo(new Combined(List.of(a, other), List.of(1f, 1f)));
        assertThat(Weights.mean(List.of(a, other))).isEqualTo(new Combined(List.of(a, other), List.of(0.5f, 0.5f)));
    }

    @Test
    void expressions_know_their_shapes() {
        assertThat(new Stacked(0, List.of(a, b)).shape()).isEqualTo(Shape.of(5, 4));
        assertThat(new Stacked(1, List.of(a, stored("w", 2, 7))).shape()).isEqualTo(Shape.of(2, 11));
        assertThat(new Sliced(c, 0, 1, 4).shape()).isEqualTo(Shape.of(3, 4));
        assertThat(new Transposed(c).shape()).isEqualTo(Shape.of(4, 5));
    }

    @Test
    void refuses_operands_that_do_not_fit() {
        assertThatThrownBy(() -> new Stacked(1, List.of(a, b))).hasMessageContaining("[3, 4]");
        assertThatThrownBy(() -> new Stacked(0, List.of(a, stored("v", 4)))).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> new Stacked(0, List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Sliced(a, 0, 1, 3)).hasMessageContaining("1:3");
        assertThatThrownBy(() -> new Sliced(a, 0, -1, 1)).hasMessageContaining("-1:1");
        assertThatThrownBy(() -> new Sliced(a, 0, 2, 1)).hasMessageContaining("2:1");
        assertThatThrownBy(() -> new Transposed(stored("v", 4))).hasMessageContaining("[4]");
        assertThatThrownBy(() -> new Scaled(a, 0, stored("v", 4))).hasMessageContaining("[4]");
        assertThatThrownBy(() -> new Combined(List.of(a, b), List.of(1f, 1f))).hasMessageContaining("[3, 4]");
        assertThatThrownBy(() -> new Combined(List.of(a), List.of(1f, 1f))).hasMessageContaining("2 coefficients");
    }

    @Test
    void finds_the_tensor_that_an_element_comes_from() {
        Weight weight = new Transposed(new Scaled(
                Weights.slice(Weights.stack(0, List.of(a, b, c)), 0, 1, 9), 0, stored("v", 8)));
        assertThat(Weights.at(weight, 3, 0).map(Element::tensor)).contains(a);
        assertThat(Weights.at(weight, 3, 1).map(Element::tensor)).contains(b);
        assertThat(Weights.at(weight, 0, 3).map(Element::tensor)).contains(b);
        assertThat(Weights.at(weight, 0, 4).map(Element::tensor)).contains(c);
        assertThat(Weights.at(new Filled(Shape.of(2), 1), 0, 0)).isEmpty();
    }

    @Test
    void lists_every_tensor_in_order_with_repetitions() {
        Stored v = stored("v", 4);
        Weight weight = Weights.stack(0, List.of(new Scaled(a, 1, v), new Scaled(b, 1, v)));
        assertThat(Weights.tensors(weight)).containsExactly(a, v, b, v);
    }

    @Test
    void a_described_tensor_is_listed_and_comes_from_no_file() {
        Described described = new Described("d", Shape.of(3, 4));
        assertThat(Weights.tensors(new Stacked(0, List.of(a, described)))).containsExactly(a, described);
        assertThat(Weights.at(described, 0, 0)).isEmpty();
        assertThat(Weights.describe(new Transposed(described))).isEqualTo("transpose(d)");
    }

    @Test
    void describes_its_structure() {
        Weight weight =
                new Transposed(new Sliced(new Stacked(0, List.of(new Scaled(a, 1, stored("v", 4)), b)), 1, 0, 2));
        assertThat(Weights.describe(weight)).isEqualTo("transpose(slice1(stack0(scale1(a, v), b), 0:2))");
    }
}
