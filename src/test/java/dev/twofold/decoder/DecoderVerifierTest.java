package dev.twofold.decoder;

import static dev.twofold.decoder.SoundDecoder.HEAD;
import static dev.twofold.decoder.SoundDecoder.HIDDEN;
import static dev.twofold.decoder.SoundDecoder.RULE;
import static dev.twofold.decoder.SoundDecoder.attention;
import static dev.twofold.decoder.SoundDecoder.biased;
import static dev.twofold.decoder.SoundDecoder.chained;
import static dev.twofold.decoder.SoundDecoder.decoder;
import static dev.twofold.decoder.SoundDecoder.expert;
import static dev.twofold.decoder.SoundDecoder.layer;
import static dev.twofold.decoder.SoundDecoder.linear;
import static dev.twofold.decoder.SoundDecoder.norm;
import static dev.twofold.decoder.SoundDecoder.rotary;
import static dev.twofold.decoder.SoundDecoder.ruled;
import static dev.twofold.decoder.SoundDecoder.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.twofold.decoder.Attention.Heads;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each check of a decoder, on one that is sound but for that. */
final class DecoderVerifierTest {

    @Test
    void a_sound_decoder_is_accepted() {
        assertThatCode(() -> DecoderVerifier.verify(decoder(Map.of()))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "embed         | 9 8   | tiny, embedding (embed)                                 | [10, 8]",
                "positions     | 15 8  | tiny, positions (positions)                             | [16, 8]",
                "norm          | 7     | tiny, final norm (norm)                                 | [8]",
                "head          | 10 9  | tiny, head (head)                                       | [10, 8]",
                "0.in          | 7     | tiny, layer 0, norm (0.in)                              | [8]",
                "0.in.bias     | 9     | tiny, layer 0, norm (0.in.bias)                         | [8]",
                "0.out         | 8 1   | tiny, layer 0, norm of the result (0.out)               | [8]",
                "0.q           | 12 8  | tiny, layer 0, query projection (0.q)                   | [16, 8]",
                "0.q.bias      | 8     | tiny, layer 0, query projection bias (0.q.bias)         | [16]",
                "0.k           | 8 16  | tiny, layer 0, key projection (0.k)                     | [8, 8]",
                "0.k.bias      | 16    | tiny, layer 0, key projection bias (0.k.bias)           | [8]",
                "0.v           | 16 8  | tiny, layer 0, value projection (0.v)                   | [8, 8]",
                "0.v.bias      | 1     | tiny, layer 0, value projection bias (0.v.bias)         | [8]",
                "0.o           | 16 8  | tiny, layer 0, output projection (0.o)                  | [8, 16]",
                "0.o.bias      | 16    | tiny, layer 0, output projection bias (0.o.bias)        | [8]",
                "0.q.norm      | 4     | tiny, layer 0, query norm (0.q.norm)                    | [16]",
                "0.k.norm      | 4     | tiny, layer 0, key norm (0.k.norm)                      | [8]",
                "0.gate        | 11 8  | tiny, layer 0, gate projection (0.gate)                 | [12, 8]",
                "0.gate.bias   | 8     | tiny, layer 0, gate projection bias (0.gate.bias)       | [12]",
                "0.up          | 12 12 | tiny, layer 0, up projection (0.up)                     | [12, 8]",
                "0.up.bias     | 8     | tiny, layer 0, up projection bias (0.up.bias)           | [12]",
                "0.down        | 12 8  | tiny, layer 0, down projection (0.down)                 | [8, 12]",
                "0.down.bias   | 12    | tiny, layer 0, down projection bias (0.down.bias)       | [8]",
                "1.router      | 2 8   | tiny, layer 1, router (1.router)                        | [3, 8]",
                "1.expert2.gate | 5 8  | tiny, layer 1, gate projection (1.expert2.gate)         | [6, 8]",
                "1.expert2.down | 8 5  | tiny, layer 1, down projection (1.expert2.down)         | [8, 6]"
            })
    void a_weight_of_another_shape_is_refused_with_its_tensor_and_both_shapes(
            String tensor, String shape, String place, String expected) {
        Shape found = Shape.of(
                Arrays.stream(shape.split(" ")).mapToLong(Long::parseLong).toArray());
        refused(decoder(Map.of(tensor, found)), place + ": wrong shape", found, expected);
    }

    @Test
    void a_weight_of_no_tensor_is_refused_by_its_place() {
        Norm norm = Norm.rms(Norm.unitGain(HIDDEN + 1), 1e-5);
        refused(with(Branch.reading(norm, attention(1), layer(1))), "tiny, layer 1, norm: wrong shape", "[9]", "[8]");
    }

    @Test
    void a_head_without_size_is_refused() {
        refused(
                with(attention(ruled(0, Optional.empty()), new Heads(1, 4, 2))),
                "tiny, layer 1: wrong head size",
                0,
                "a positive number");
    }

    @ParameterizedTest
    @CsvSource({"0", "3", "6", "-2"})
    void a_rotary_width_that_is_odd_or_not_inside_the_head_is_refused(int width) {
        refused(
                with(attention(ruled(HEAD, Optional.of(rotary(width))), new Heads(1, 4, 2))),
                "tiny, layer 1: wrong rotary width",
                width,
                "an even number up to 4");
    }

    @ParameterizedTest
    @CsvSource({"4, 3", "4, 0", "3, 2"})
    void attention_heads_that_are_no_multiple_of_kv_heads_are_refused(int heads, int kvHeads) {
        refused(
                with(attention(RULE, new Heads(1, heads, kvHeads))),
                "tiny, layer 1: wrong attention heads",
                heads,
                "a multiple of " + kvHeads + " KV heads");
    }

    @Test
    void two_attentions_with_one_kv_cache_are_refused() {
        refused(
                with(attention(RULE, new Heads(0, 4, 2))),
                "tiny, layer 1: wrong KV cache",
                0,
                "a layer not used before");
    }

    @ParameterizedTest
    @CsvSource({"0", "4", "-1"})
    void more_experts_a_token_than_there_are_or_none_are_refused(int chosen) {
        refused(
                with(new Experts(
                        linear("router", 3, HIDDEN), SoundDecoder.experts(Map.of()), Routing.softmax(chosen, true))),
                "tiny, layer 1: wrong experts a token",
                chosen,
                "1 to 3");
    }

    @Test
    void keys_that_do_not_read_all_of_their_latent_are_refused() {
        refused(with(latent(5, 4)), "tiny, layer 1, key projection (k): wrong shape", "[8, 4]", "[8, 5]");
    }

    @Test
    void a_norm_of_more_than_a_latent_is_refused() {
        refused(with(latent(4, 5)), "tiny, layer 1: wrong norm of a latent", 5, "1 to 4 gains");
    }

    /** Keys and values that read four numbers of a latent. */
    private static Attention latent(long width, long normed) {
        Attention whole = attention(1);
        Latent own = new Latent(linear("down", width, HIDDEN), Norm.rms(Norm.unitGain(normed), 1e-5));
        return new Attention(
                new Latents(Optional.empty(), Optional.of(own)),
                whole.query(),
                linear("k", 2 * HEAD, 4),
                linear("v", 2 * HEAD, 4),
                whole.output(),
                Optional.empty(),
                HeadScores.NONE,
                RULE,
                List.of(new Heads(1, 4, 2)));
    }

    @ParameterizedTest
    @CsvSource({
        "2, 1, 1, groups of experts, 2, a divisor of 3",
        "3, 3, 1, groups a token, 3, 'fewer than all, with 2 experts in them'"
    })
    void groups_that_are_not_equal_or_leave_too_few_experts_are_refused(
            int count, int chosen, int best, String what, int found, String expected) {
        Routing routing = new Routing(
                Routing.Score.SOFTMAX, Optional.empty(), 2, true, Optional.of(new Routing.Groups(count, chosen, best)));
        refused(
                with(new Experts(linear("router", 3, HIDDEN), SoundDecoder.experts(Map.of()), routing)),
                "tiny, layer 1: wrong " + what,
                found,
                expected);
    }

    @Test
    void an_expert_with_a_bias_of_what_it_adds_beside_others_without_is_refused() {
        FeedForward biased = expert(Map.of(), 0).withWriter(biased("down", HIDDEN, 6));
        refused(
                with(new Experts(
                        linear("router", 2, HIDDEN), List.of(biased, expert(Map.of(), 1)), Routing.softmax(1, true))),
                "tiny, layer 1: wrong down projection of an expert",
                "no bias",
                "as the others");
    }

    @Test
    void the_steps_of_a_chain_are_verified() {
        Norm norm = norm(Map.of("inner", Shape.of(HIDDEN - 1)), "inner");
        Chain chain = new Chain(List.of(Step.of(Branch.reading(norm, attention(1), layer(1)))));
        refused(with(chained(chain, Optional.empty())), "tiny, layer 1, norm (inner): wrong shape", "[7]", "[8]");
    }

    @Test
    void a_part_of_a_vocabulary_that_is_cut_has_only_its_rows() {
        Decoder whole = decoder(Map.of());
        Decoder part = whole.withSharding(new Sharding(2, Sharding.Placement.HEADS, true, OptionalInt.of(0)));
        refused(part, "tiny, embedding (embed): wrong shape", "[10, 8]", "[5, 8]");
    }

    @Test
    void a_chain_with_a_norm_is_a_mistake_of_ours() {
        Chain chain = new Chain(List.of(Step.of(Branch.reading(norm("inner"), attention(1), layer(1)))));
        assertThatIllegalStateException()
                .isThrownBy(() -> DecoderVerifier.verify(with(chained(chain, Optional.of(norm("outer"))))))
                .withMessageContaining("a chain has no norm of its own")
                .withMessageContaining("layers=[1]");
    }

    @Test
    void a_step_without_branches_is_a_mistake_of_ours() {
        assertThatIllegalStateException()
                .isThrownBy(() -> DecoderVerifier.verify(decoder(Map.of()).withSteps(List.of(new Step(List.of())))))
                .withMessage("a step without branches");
    }

    private static void refused(Decoder decoder, String place, Object found, Object expected) {
        assertThatExceptionOfType(TwofoldException.class)
                .isThrownBy(() -> DecoderVerifier.verify(decoder))
                .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(Kind.INPUT))
                .withMessageStartingWith(place + "\n")
                .withMessageContaining("\n  found:    " + found + "\n")
                .withMessageContaining("\n  expected: " + expected + "\n")
                .withMessageContaining("\n  try:      check config.json");
    }
}
