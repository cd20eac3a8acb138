package dev.twofold.weight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.tensor.DType;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight.Described;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weight.Rounded;
import dev.twofold.weight.Weight.Sliced;
import dev.twofold.weight.Weight.Stacked;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundedFormTest {

    private static final IntegerBlocks BLOCKS = new IntegerBlocks(4, 32, true, DType.F32);
    private static final IntegerBlocks BYTES = new IntegerBlocks(8, 32, true, DType.F32);

    private final Weight a = new Described("a", Shape.of(8, 96));
    private final Weight b = new Described("b", Shape.of(4, 96));

    private static Rounded rounded(Weight source) {
        return new Rounded(source, BLOCKS, Grid.RANGE);
    }

    @Test
    void rows_of_a_rounded_matrix_are_rounded_rows() {
        assertThat(RoundedForm.of(new Sliced(rounded(a), 0, 3, 5))).contains(rounded(new Sliced(a, 0, 3, 5)));
    }

    @Test
    void columns_between_blocks_are_rounded_columns() {
        assertThat(RoundedForm.of(new Sliced(rounded(a), 1, 32, 96))).contains(rounded(new Sliced(a, 1, 32, 96)));
    }

    @Test
    void columns_inside_of_a_block_are_not() {
        assertThat(RoundedForm.of(new Sliced(rounded(a), 1, 0, 48))).isEmpty();
        assertThat(RoundedForm.of(new Sliced(rounded(a), 1, 16, 96))).isEmpty();
    }

    @Test
    void a_short_last_block_may_end_a_part_but_not_be_in_the_middle() {
        Weight narrow = new Described("narrow", Shape.of(8, 40));
        assertThat(RoundedForm.of(new Sliced(rounded(narrow), 1, 32, 40)))
                .contains(rounded(new Sliced(narrow, 1, 32, 40)));
        assertThat(RoundedForm.of(new Stacked(1, List.of(rounded(a), rounded(narrow)))))
                .contains(rounded(new Stacked(1, List.of(a, narrow))));
        assertThat(RoundedForm.of(new Stacked(1, List.of(rounded(narrow), rounded(a)))))
                .isEmpty();
    }

    @Test
    void rows_of_one_kind_of_blocks_are_one_matrix_and_others_are_apart() {
        Weight mixed = new Stacked(0, List.of(rounded(a), rounded(b), new Rounded(b, BYTES, Grid.RANGE)));
        assertThat(RoundedForm.of(mixed)).isEmpty();
        assertThat(RoundedForm.rows(mixed))
                .contains(List.of(rounded(new Stacked(0, List.of(a, b))), new Rounded(b, BYTES, Grid.RANGE)));
    }

    @Test
    void rows_that_are_not_all_rounded_have_no_such_form() {
        Weight half = new Stacked(0, List.of(rounded(a), b));
        assertThat(RoundedForm.isRounded(half)).isTrue();
        assertThat(RoundedForm.rows(half)).isEmpty();
        assertThat(RoundedForm.isRounded(a)).isFalse();
    }

    @Test
    void given_scales_go_with_their_blocks() {
        Weight scales = new Filled(Shape.of(8, 3), 2);
        Weight zeros = new Filled(Shape.of(8, 3), 8);
        Rounded given = new Rounded(a, BLOCKS, new Grid.Given(scales, zeros));
        assertThat(RoundedForm.of(new Sliced(given, 1, 32, 64)))
                .contains(new Rounded(
                        new Sliced(a, 1, 32, 64),
                        BLOCKS,
                        new Grid.Given(new Sliced(scales, 1, 1, 2), new Sliced(zeros, 1, 1, 2))));
        assertThat(RoundedForm.of(new Stacked(0, List.of(given, given))))
                .contains(new Rounded(
                        new Stacked(0, List.of(a, a)),
                        BLOCKS,
                        new Grid.Given(
                                new Stacked(0, List.of(scales, scales)), new Stacked(0, List.of(zeros, zeros)))));
        assertThat(RoundedForm.of(new Stacked(0, List.of(given, rounded(a))))).isEmpty();
    }
}
