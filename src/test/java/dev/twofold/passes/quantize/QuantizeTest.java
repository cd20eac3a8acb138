package dev.twofold.passes.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Operator;
import dev.twofold.diag.TwofoldException;
import dev.twofold.families.TinyFamilies;
import dev.twofold.pass.Facts;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.PipelineReader;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Precision;
import dev.twofold.testing.Novels;
import dev.twofold.weight.RoundedForm;
import dev.twofold.weight.Weight;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class QuantizeTest {

    private static final IntegerBlocks FOUR = new IntegerBlocks(4, 32, true, DType.F32);
    private static final IntegerBlocks EIGHT = new IntegerBlocks(8, 64, true, DType.F32);

    private static Decoder run(Path checkpoint, String... steps) {
        Decoder decoder = Sources.SHIPPED.describe(checkpoint);
        String pipeline = "steps: [" + String.join(", ", steps) + "]";
        return PipelineReader.parse("plan", pipeline).check(Facts.of(decoder)).run(decoder);
    }

    private static Decoder novels(String... steps) {
        return run(Novels.CHECKPOINT, steps);
    }

    private static Operator body(Decoder decoder, int step) {
        return decoder.steps().get(step).branches().get(0).body();
    }

    private static List<IntegerBlocks> blocks(Weight weight) {
        return RoundedForm.blocks(weight).toList();
    }

    @Test
    void rounds_every_matrix_and_nothing_else() {
        Decoder decoder = novels("fold-norms", "{quantize: {bits: 4}}");
        DecoderVerifier.verify(decoder);
        Attention attention = (Attention) body(decoder, 0);
        FeedForward feedForward = (FeedForward) body(decoder, 1);
        assertThat(List.of(
                        attention.query().weight(),
                        attention.key().weight(),
                        attention.value().weight(),
                        attention.output().weight(),
                        feedForward.gate().orElseThrow().weight(),
                        feedForward.up().weight(),
                        feedForward.down().weight(),
                        decoder.head().weight(),
                        decoder.embedding().table()))
                .allSatisfy(weight -> assertThat(blocks(weight)).containsExactly(FOUR));
        assertThat(blocks(decoder.finalNorm().gain())).isEmpty();
        assertThat(decoder.blocks()).containsExactly(FOUR);
    }

    @Test
    void a_tied_embedding_stays_tied_and_has_the_blocks_of_the_head() {
        Decoder decoder = novels("{quantize: {bits: 4, places: [{matrices: [embedding], bits: 8, block: 64}]}}");
        assertThat(decoder.tied()).isTrue();
        assertThat(blocks(decoder.embedding().table())).containsExactly(FOUR);
    }

    @Test
    void the_router_of_experts_keeps_its_numbers() {
        Decoder decoder = run(TinyFamilies.checkpoint("mixtral"), "{quantize: {bits: 4}}");
        assertThat(decoder.branches().flatMap(branch -> branch.body().mixture().stream()))
                .isNotEmpty()
                .allSatisfy(experts -> {
                    assertThat(blocks(experts.router().weight())).isEmpty();
                    assertThat(blocks(experts.experts().get(1).down().weight())).containsExactly(FOUR);
                });
    }

    @Test
    void steps_inside_of_chains_are_rounded_too() {
        Decoder decoder = novels("{pair-layers: {window: '2:4', form: one-sync}}", "{quantize: {bits: 4}}");
        assertThat(decoder.branches().flatMap(branch -> branch.body().weights()))
                .filteredOn(weight -> weight.shape().rank() == 2)
                .allSatisfy(weight -> assertThat(blocks(weight)).isNotEmpty());
    }

    @Test
    void a_later_place_goes_before_an_earlier_one() {
        Decoder decoder = novels("{quantize: {bits: 4, mix: mixed, places: ["
                + "{matrices: [v], layers: {windows: ['0:1']}, bits: 4, block: 16, symmetric: false},"
                + "{matrices: [o], keep: true}]}}");
        Attention first = (Attention) body(decoder, 0);
        assertThat(blocks(first.query().weight())).containsExactly(EIGHT);
        assertThat(blocks(first.value().weight())).containsExactly(new IntegerBlocks(4, 16, false, DType.F32));
        assertThat(blocks(first.output().weight())).isEmpty();
        assertThat(blocks(decoder.head().weight())).containsExactly(EIGHT);
        Attention fourth = (Attention) body(decoder, 2 * 4);
        assertThat(blocks(fourth.value().weight())).containsExactly(EIGHT);
        Attention fifth = (Attention) body(decoder, 2 * 5);
        assertThat(blocks(fifth.value().weight())).containsExactly(FOUR);
    }

    @Test
    void scales_have_the_type_of_everything_else() {
        Decoder decoder = novels("{cast: {dtype: fp16}}", "{quantize: {bits: 8}}");
        assertThat(decoder.precision()).isEqualTo(Precision.FP16);
        assertThat(decoder.blocks()).containsExactly(new IntegerBlocks(8, 32, true, DType.F16));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {quantize: {}}                                   | it does not say to how many bits
            {quantize: {bits: 3}}                            | no blocks of 32 at 3 bits
            {quantize: {bits: 4, block: 48}}                 | no blocks of 48 at 4 bits
            {quantize: {bits: 4, mix: mixt}}                 | there is no mix 'mixt'
            {quantize: {bits: 4, places: [{matrices: []}]}}  | a place should name matrices
            {quantize: {bits: 4, places: [{matrices: [w]}]}} | 'places[0].matrices[0]'
            {quantize: {bits: 4, places: [{matrices: [q], bits: 5}]}}   | no blocks of 32 at 5 bits
            {quantize: {bits: 4, places: [{matrices: [q], layers: {}}]}} | layers should say ends, every or windows
            {quantize: {bits: 4}}, {quantize: {bits: 4}}     | weights are rounded by then
            {quantize: {bits: 4}}, fold-norms                | weights are rounded by then
            {quantize: {bits: 4}}, {cast: {dtype: fp16}}     | weights are rounded by then
            {cast: {dtype: bf16}}, {quantize: {bits: 4}}     | not multiplied in bf16 everywhere
            """)
    void refuses_what_cannot_be(String steps, String reason) {
        TwofoldException refused = catchThrowableOfType(TwofoldException.class, () -> novels(steps));
        assertThat(refused).as(steps).isNotNull();
        assertThat(refused.getMessage()).contains(reason);
    }
}
