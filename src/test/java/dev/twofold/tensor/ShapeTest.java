package dev.twofold.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShapeTest {

    @Test
    void counts_the_elements_of_scalars_vectors_matrices_and_empty_tensors() {
        assertThat(Shape.of().elements()).isEqualTo(1);
        assertThat(Shape.of(7).elements()).isEqualTo(7);
        assertThat(Shape.of(3, 5).elements()).isEqualTo(15);
        assertThat(Shape.of(3, 0).elements()).isZero();
        assertThat(Shape.of(1L << 31, 1L << 31).elements()).isEqualTo(1L << 62);
    }

    @Test
    void refuses_to_count_more_elements_than_a_long_holds() {
        assertThatThrownBy(() -> Shape.of(1L << 32, 1L << 31).elements()).isInstanceOf(ArithmeticException.class);
    }

    @Test
    void refuses_a_negative_extent() {
        assertThatThrownBy(() -> Shape.of(3, -1)).hasMessageContaining("[3, -1]");
    }

    @Test
    void sees_a_vector_as_one_row_and_a_scalar_as_one_element() {
        assertThat(List.of(Shape.of(7).rows(), Shape.of(7).columns())).containsExactly(1L, 7L);
        assertThat(List.of(Shape.of(3, 5).rows(), Shape.of(3, 5).columns())).containsExactly(3L, 5L);
        assertThat(List.of(Shape.of().rows(), Shape.of().columns())).containsExactly(1L, 1L);
    }

    @Test
    void replaces_one_extent_and_leaves_the_original() {
        Shape shape = Shape.of(3, 5);
        assertThat(shape.with(1, 9)).isEqualTo(Shape.of(3, 9));
        assertThat(shape).isEqualTo(Shape.of(3, 5));
    }

    @Test
    void does_not_follow_changes_of_the_list_it_was_made_from() {
        List<Long> dims = new ArrayList<>(List.of(3L, 5L));
        Shape shape = new Shape(dims);
        dims.set(0, 9L);
        assertThat(shape).isEqualTo(Shape.of(3, 5));
    }

    @Test
    void prints_as_python_does() {
        assertThat(Shape.of(704, 256)).hasToString("[704, 256]");
        assertThat(Shape.of()).hasToString("[]");
    }
}
