package dev.twofold.source.onnx;

import static dev.twofold.source.onnx.RuleSample.sample;

import java.util.stream.Stream;

/** Samples of what attention and mixtures of experts are made of. */
final class AttentionSamples {

    private static final String TURNED = "Transpose{perm=[0,1,3,2]}(?keys)";
    private static final String SCORES = "MatMul(?h, " + TURNED + ")";
    private static final String MASKED = "Add(" + SCORES + ", Where(allowed, ~0, ~-65504))";

    private static final String GROUPED = "Where(allowed, MatMul(?grouped, Unsqueeze(" + TURNED + ", =2)), ~-65504)";

    private AttentionSamples() {}

    static Stream<RuleSample> heads() {
        return Stream.of(
                sample(
                        "heads, one after the other",
                        "Transpose{perm=[0,2,1,3]}(Reshape(?x, =[0,0,2,4]))",
                        "Transpose{perm=[0,2,3,1]}(Reshape(?x, =[0,0,2,4]))",
                        "Transpose{perm=[0,2,1,3]}(?v)"),
                sample(
                        "keys or values of all tokens",
                        "Concat{axis=2}(?past, ?h)",
                        "Concat{axis=3}(?past, ?h)",
                        "Concat{axis=2}(mask, ?h)",
                        "Concat{axis=2}(?past, ?x)"),
                sample("heads of keys, apart", "Unsqueeze(?keys, =2)", "Unsqueeze(?keys, =1)"),
                sample(
                        "heads of keys, each several times",
                        "Expand(Unsqueeze(?keys, =2), =[1,2,3,1,4])",
                        "Expand(Unsqueeze(?keys, =2), =[2,1,4])",
                        "Expand(?keys, =[1,2,3,1,4])"),
                sample(
                        "heads of keys, together",
                        "Reshape(Unsqueeze(?keys, =2), =[0,2,-1,4])",
                        "Reshape(Unsqueeze(?keys, =2), =[0,3,-1,4])"),
                sample(
                        "some of the heads",
                        "Slice(Reshape(?x, =[0,0,4,2]), =0, =-2, =2, =1)",
                        "Slice(Reshape(?x, =[0,0,4,2]), =0, =-2, =1, =1)",
                        "Slice(Reshape(?x, =[0,0,4,2]), =0, =-2, =2, =2)",
                        "Slice(Reshape(?x, =[0,0,4,2]), =0, =-4, =2, =1)",
                        "Slice(?x, =0, =-2, =2, =1)"),
                sample(
                        "one of the heads",
                        "Gather{axis=2}(Reshape(?x, =[0,0,4,2]), =-1)",
                        "Gather{axis=2}(Reshape(?x, =[0,0,4,2]), =4)",
                        "Gather{axis=2}(Reshape(?x, =[0,0,4,2]), =[0,1])",
                        "Gather{axis=1}(Reshape(?x, =[0,0,4,2]), =-1)",
                        "Gather{axis=2}(?x, =-1)"),
                sample("scores", SCORES, "MatMul(?h, ?keys)", "MatMul(?four, " + TURNED + ")"),
                sample("scores", "MatMul(?four, Transpose{perm=[0,1,3,2]}(?shared))", "MatMul(?four, ?shared)"),
                sample("scores times a factor", "Mul(" + SCORES + ", ~0.5)", "Mul(" + MASKED + ", ~0.5)"),
                sample("scores with a mask", MASKED, "Add(" + SCORES + ", allowed)"),
                sample("turned keys for each group", "Unsqueeze(" + TURNED + ", =2)", "Unsqueeze(" + TURNED + ", =1)"),
                sample(
                        "scores of groups",
                        "MatMul(?grouped, Unsqueeze(" + TURNED + ", =2))",
                        "MatMul(?grouped, " + TURNED + ")",
                        "MatMul(?one, Unsqueeze(" + TURNED + ", =2))"),
                sample(
                        "scores where a mask shows",
                        "Where(allowed, " + SCORES + ", ~-65504)",
                        "Where(allowed, " + SCORES + ", ~-2)",
                        "Where(allowed, ~-65504, " + SCORES + ")",
                        "Where(allowed, " + MASKED + ", ~-65504)"),
                sample(
                        "what groups attend to",
                        "MatMul(Softmax{axis=-1}(" + GROUPED + "), Unsqueeze(?held, =2))",
                        "MatMul(Softmax{axis=-1}(" + GROUPED + "), ?held)",
                        "MatMul(Softmax{axis=-1}(" + MASKED + "), Unsqueeze(?held, =2))"),
                sample(
                        "heads of groups, side by side",
                        "Transpose{perm=[0,3,1,2,4]}(?grouped)",
                        "Transpose{perm=[0,2,1,3,4]}(?grouped)",
                        "Transpose{perm=[0,3,1,2,4]}(?h)"),
                sample("shares", "Softmax{axis=-1}(" + MASKED + ")", "Softmax{axis=1}(" + MASKED + ")"),
                sample(
                        "what is attended to",
                        "MatMul(Softmax{axis=-1}(" + MASKED + "), ?held)",
                        "MatMul(" + MASKED + ", ?held)",
                        "MatMul(Softmax{axis=-1}(" + MASKED + "), ?keys)",
                        "MatMul(Softmax{axis=-1}(" + MASKED + "), ?elsewhere)",
                        "MatMul(Softmax{axis=-1}(" + SCORES + "), ?held)"),
                sample(
                        "attention of heads that are apart",
                        "Attention(?h, ?keys, ?held, allowed)",
                        "Attention(?h, ?keys, ?held, Cast{to=1}(allowed))",
                        "Attention(?h, ?keys, ?held, Cast{to=9}(Where(allowed, ~0, ~-65504)))",
                        "Attention(?h, ?keys, ?held, ?y)",
                        "Attention(?h, ?keys, ?elsewhere, allowed)",
                        "Attention{is_causal=1}(?h, ?keys, ?held, allowed)",
                        "Attention{is_causal=1}(?h, ?keys, ?held)"),
                sample(
                        "attention of heads that are apart",
                        "Attention(?h, ?keys, ?held, Cast{to=9}(Cast{to=1}(allowed)))",
                        "Attention(?h, ?keys, ?held, Not(allowed))"),
                sample(
                        "attention of heads that are apart",
                        "Attention{is_causal=1}(?h, ?h, ?h, allowed)",
                        "Attention{is_causal=2}(?h, ?h, ?h, allowed)"),
                sample(
                        "attention of many heads of the runtime",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1}(?x, ?y, ?y)",
                        "com.microsoft.MultiHeadAttention{num_heads=2}(?x, ?y, ?y)",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1,mask_filter_value=-2.0}(?x, ?y, ?y)",
                        "com.microsoft.MultiHeadAttention{num_heads=3,unidirectional=1}(?x, ?y, ?y)",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1,unheard_of=1}(?x, ?y, ?y)",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1}(?x, ?y, ?y, ?v)"),
                sample(
                        "attention of many heads of the runtime",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1}(?x, ?y, ?y, ?v24)",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1}(?h, ?y, ?y, ?v24)",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1}(?x, ?y, ?y, ?w)"),
                sample(
                        "attention of many heads of the runtime",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1}(Reshape(?wide, =[0,0,2,3,4]))",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1}(?wide)",
                        "com.microsoft.MultiHeadAttention{num_heads=2,unidirectional=1}(Reshape(?wide, =[0,0,3,2,4]))"),
                sample(
                        "angles",
                        "Mul(Cast{to=1}(Unsqueeze(Add(Range(=0, new, =1), past), =0)), ?w)",
                        "Mul(Cast{to=1}(Unsqueeze(Range(=0, new, =1), =0)), ?w)"),
                sample(
                        "positions in another type",
                        "Cast{to=10}(Cast{to=1}(Unsqueeze(positions, =1)))",
                        "Cast{to=10}(Unsqueeze(positions, =1))"),
                sample(
                        "frequencies for each text",
                        "Expand(?frequencies, Concat{axis=0}(Shape{end=1}(ids), =[-1,1]))",
                        "Expand(?frequencies, =[-1,1])",
                        "Expand(?frequencies, =[1,-1,4])",
                        "Expand(?e, Concat{axis=0}(Shape{end=1}(mask), =[4,1]))"),
                sample(
                        "cosines or sines of one half",
                        "Slice(Cos(Concat{axis=-1}(?angles, ?angles)), =0, =2, =3, =1)",
                        "Slice(Cos(Concat{axis=-1}(?angles, ?angles)), =0, =1, =3, =1)",
                        "Slice(Cos(Concat{axis=-1}(?angles, ?angles)), =0, =2, =1, =1)",
                        "Slice(Cos(?angles), =0, =2, =3, =1)"),
                sample("cosines", "Cos(?angles)", "Cos(?x)"),
                sample(
                        "angles of both halves",
                        "Concat{axis=-1}(?angles, ?angles)",
                        "Concat{axis=0}(?angles, ?angles)"),
                sample(
                        "rotary positions by cosines and sines",
                        "RotaryEmbedding(?h, Cos(?angles), Sin(?angles))",
                        "RotaryEmbedding(?h, Sin(?angles), Cos(?angles))",
                        "RotaryEmbedding(?x, Cos(?angles), Sin(?angles))"));
    }

    static Stream<RuleSample> mixtures() {
        return Stream.of(
                sample(
                        "a mixture of experts",
                        "com.microsoft.MoE{k=1}(?x, ?r, ?e, ?zero, ?e, ?zero)",
                        "com.microsoft.MoE{k=3}(?x, ?r, ?e, ?zero, ?e, ?zero)",
                        "com.microsoft.MoE{k=1}(?x, ?r, ?e, ?v, ?e, ?zero)",
                        "com.microsoft.MoE{k=1}(?x, ?r, ?e, ?zero, ?e, ?zero, ?none, ?twos)",
                        "com.microsoft.MoE{k=1,swiglu_limit=1.5}(?x, ?r, ?e, ?zero, ?e, ?zero)",
                        "com.microsoft.MoE{k=1,activation_type=gelu}(?x, ?r, ?e, ?zero, ?e, ?zero)",
                        "com.microsoft.MoE{k=1,use_sparse_mixer=1}(?x, ?r, ?e, ?zero, ?e, ?zero)",
                        "com.microsoft.MoE{k=1}(?x, ?r, ?e, ?zero, ?m, ?zero)"),
                sample(
                        "a mixture of experts",
                        "com.microsoft.MoE{k=1}(?x, ?r, ?e4, ?none, ?down4, ?zero, ?e4)",
                        "com.microsoft.MoE{k=1}(?x, ?r, ?e4, ?none, ?e4, ?zero, ?e4)",
                        "com.microsoft.MoE{k=1}(?x, ?r, ?e4, ?none, ?down4, ?zero, ?down4)"),
                sample(
                        "a mixture of experts",
                        "com.microsoft.MoE{k=1,activation_type=swiglu,swiglu_fusion=1,activation_alpha=1.7,activation_beta=1.0,"
                                + "swiglu_limit=1.5}(?x, ?r, ?e, ?twos, ?down4, ?twos)",
                        "com.microsoft.MoE{k=1,activation_type=swiglu,swiglu_fusion=1,activation_alpha=1.7,activation_beta=0.5,"
                                + "swiglu_limit=1.5}(?x, ?r, ?e, ?twos, ?down4, ?twos)",
                        "com.microsoft.MoE{k=1,activation_type=swiglu,swiglu_fusion=1,activation_alpha=1.7,activation_beta=1.0}"
                                + "(?x, ?r, ?e, ?twos, ?down4, ?twos)",
                        "com.microsoft.MoE{k=1,activation_type=silu,activation_alpha=1.7,activation_beta=1.0,swiglu_limit=1.5}"
                                + "(?x, ?r, ?e, ?zero, ?e, ?zero)"),
                sample(
                        "a mixture of experts",
                        "com.microsoft.MoE{k=1,activation_type=swiglu,swiglu_fusion=2,activation_alpha=1.702,activation_beta=1.0,"
                                + "swiglu_limit=7.0}(?x, ?r, ?e, ?twos, ?down4, ?twos)",
                        "com.microsoft.MoE{k=1,activation_type=swiglu,swiglu_fusion=2,activation_alpha=1.702,activation_beta=2.0,"
                                + "swiglu_limit=7.0}(?x, ?r, ?e, ?twos, ?down4, ?twos)",
                        "com.microsoft.MoE{k=1,activation_type=swiglu,swiglu_fusion=2}(?x, ?r, ?e, ?twos, ?down4, ?v24)"),
                sample(
                        "a mixture of experts",
                        "com.microsoft.MoE{k=1}(?x, Reshape(Log(?shares), =[-1,2]), ?e, ?zero, ?e, ?zero)",
                        "com.microsoft.MoE{k=2}(?x, Reshape(Log(?shares), =[-1,2]), ?e, ?zero, ?e, ?zero)",
                        "com.microsoft.MoE{k=1}(?x, Reshape(Log(?shares), =[-1,4]), ?e, ?zero, ?e, ?zero)",
                        "com.microsoft.MoE{k=1}(?x, Reshape(Log(?r), =[-1,2]), ?e, ?zero, ?e, ?zero)"),
                sample("a gate before an expert", "Sigmoid(?single)", "Sigmoid(?r)"),
                sample(
                        "a mixture of experts in blocks",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=8}"
                                + "(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero)",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=8,weights_prepacked=1}"
                                + "(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero)",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=8,quant_type=fp4}"
                                + "(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero)",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=0,expert_weight_bits=8}"
                                + "(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero)",
                        "com.microsoft.QMoE{k=1,expert_weight_bits=8}(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero)",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=2}"
                                + "(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero)"),
                sample(
                        "a mixture of experts in blocks",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=4}"
                                + "(?x, ?r, ?nibbles, ?scales, ?zero, ?nibbles, ?scales, ?zero)",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=4}"
                                + "(?x, ?r, ?nibbles, ?scales, ?zero, ?nibbles, ?scales, ?zero, ?none, ?none, ?none, ?zeros, ?zeros)"),
                sample(
                        "a mixture of experts in blocks",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=8}"
                                + "(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero, ?none, ?none, ?none, ?zeros, ?zeros)",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=8}"
                                + "(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero, ?none, ?none, ?none, ?zeros, ?codes)",
                        "com.microsoft.QMoE{k=1,normalize_routing_weights=1,expert_weight_bits=8}"
                                + "(?x, ?r, ?codes, ?scales, ?zero, ?codes, ?scales, ?zero, ?none, ?none, ?none, ?scales)"));
    }
}
