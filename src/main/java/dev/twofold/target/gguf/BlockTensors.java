package dev.twofold.target.gguf;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Rotary;
import dev.twofold.family.AttentionStyle;
import dev.twofold.family.FeedForwardStyle;
import dev.twofold.family.QueryKeyStyle.HeadGains;
import dev.twofold.target.gguf.GgufTensor.Use;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The tensors of a block, in the names, orders of rows and joined matrices that its architecture has. */
final class BlockTensors {

    private final Form form;
    private final int block;
    private final String prefix;
    private final List<GgufTensor> tensors = new ArrayList<>();

    private BlockTensors(Form form, int block) {
        this.form = form;
        this.block = block;
        this.prefix = form.family().names().layer().replace("{layer}", String.valueOf(block));
    }

    static List<GgufTensor> of(Form form, int block) {
        return new BlockTensors(form, block).all();
    }

    private List<GgufTensor> all() {
        Block own = form.blocks().get(block);
        attention(own.heads(), own.attention().in(), own.attention().out());
        FeedForwardStyle style = form.family().feedForward();
        own.feedForward()
                .in()
                .filter(norm -> !style.norm().isEmpty() && !sharesNorm())
                .ifPresent(norm -> norm(style.norm(), norm));
        own.feedForward().out().ifPresent(norm -> norm(style.resultNorm(), norm));
        if (own.feedForward().body() instanceof FeedForward dense) {
            feedForward(dense, style);
        }
        own.feedForward().body().mixture().ifPresent(experts -> experts(experts, style));
        return tensors;
    }

    /** Whether attention and feed-forward read one norm, which has the attention's name. */
    private boolean sharesNorm() {
        return form.decoder().facts().stepsPerLayer() == 1
                && form.family().layer().sharedNorm();
    }

    private void add(String name, Weight weight, Use use) {
        tensors.add(GgufTensor.weight(prefix + name, weight, use, block));
    }

    private void linear(String name, Linear linear, Use use) {
        add(name, linear.weight(), use);
        linear.bias().ifPresent(bias -> tensors.add(GgufTensor.bias(prefix + name, bias, block)));
    }

    private void norm(String name, Norm norm) {
        add(name, norm.gain(), Use.SMALL);
        norm.bias().ifPresent(bias -> tensors.add(GgufTensor.bias(prefix + name, bias, block)));
    }

    private void attention(Attention attention, Optional<Norm> in, Optional<Norm> out) {
        AttentionStyle style = form.family().attention();
        in.ifPresent(norm -> norm(style.norm(), norm));
        Linear query = woven(attention, attention.query());
        Linear key = woven(attention, attention.key());
        if (style.queryKeyValue().isEmpty()) {
            linear(style.query(), query, Use.MATRIX);
            linear(style.key(), key, Use.KEY);
            linear(style.value(), attention.value(), Use.VALUE);
        } else {
            Linear joined = Linear.stack(List.of(query, key, attention.value()));
            linear(style.queryKeyValue(), joined, Use.QUERY_KEY_VALUE);
        }
        linear(style.output(), attention.output(), Use.OUTPUT);
        attention
                .sinks()
                .ifPresent(scores ->
                        tensors.add(new GgufTensor(prefix + style.sinks(), scores.shape(), scores, Use.SMALL, block)));
        attention.norms().ifPresent(norms -> {
            gain(style.norms().query(), norms, norms.query(), attention.headSize());
            gain(style.norms().key(), norms, norms.key(), attention.headSize());
        });
        out.ifPresent(norm -> norm(style.resultNorm(), norm));
    }

    /** Neighbouring rows turn together in some architectures, where rows of each half of a head do elsewhere. */
    private Linear woven(Attention attention, Linear projection) {
        boolean neighbours =
                attention.rule().rotary().filter(Rotary::interleaved).isPresent();
        return form.family().attention().woven() && !neighbours
                ? projection.woven(2, attention.headSize() / 2)
                : projection;
    }

    /** One gain for all heads, a row for each, or one for the whole width. */
    private void gain(String name, QueryKeyNorm norms, Norm norm, int headSize) {
        boolean shared = form.family().attention().norms().gains() == HeadGains.SHARED;
        boolean rows = form.family().attention().norms().gains() == HeadGains.ROWS;
        Weight gain = shared
                ? QueryKeyNorm.shared(norm, headSize)
                        .orElseThrow(() -> new IllegalStateException(name + " has a gain for each head"))
                : norm.gain();
        long width = gain.shape().dim(0);
        Shape shape = rows ? Shape.of(width / headSize, headSize) : gain.shape();
        tensors.add(GgufTensor.weight(prefix + name, gain, Use.SMALL, block).shaped(shape));
    }

    private void feedForward(FeedForward dense, FeedForwardStyle style) {
        if (!style.gateUp().isEmpty()) {
            linear(style.gateUp(), Linear.stack(dense.readers()), Use.MATRIX);
        } else {
            dense.gate().ifPresent(gate -> linear(style.gate(), gate, Use.MATRIX));
            linear(style.up(), dense.up(), Use.MATRIX);
        }
        linear(style.down(), dense.down(), Use.DOWN);
    }

    /** The matrices of all experts are one tensor of three extents. */
    private void experts(Experts experts, FeedForwardStyle style) {
        linear(style.experts().router(), experts.router(), Use.SMALL);
        experts.routing()
                .correction()
                .ifPresent(values -> tensors.add(new GgufTensor(
                        prefix + style.experts().correction(), values.shape(), values, Use.SMALL, block)));
        expert(style.gate(), experts, one -> one.gate().orElseThrow(), Use.MATRIX);
        expert(style.up(), experts, FeedForward::up, Use.MATRIX);
        expert(style.down(), experts, FeedForward::down, Use.DOWN);
    }

    private void expert(String name, Experts experts, Function<FeedForward, Linear> which, Use use) {
        List<Weight> matrices =
                experts.experts().stream().map(one -> which.apply(one).weight()).toList();
        Shape one = matrices.get(0).shape();
        Shape all = Shape.of(matrices.size(), one.dim(0), one.dim(1));
        GgufTensor flat =
                GgufTensor.weight(prefix + name.replace(".{expert}", ""), Weights.stack(0, matrices), use, block);
        tensors.add(flat.shaped(all));
        List<Weight> biases = experts.experts().stream()
                .flatMap(expert -> which.apply(expert).bias().stream())
                .toList();
        if (!biases.isEmpty()) {
            GgufTensor rows = GgufTensor.bias(prefix + name.replace(".{expert}", ""), Weights.stack(0, biases), block);
            tensors.add(rows.shaped(Shape.of(matrices.size(), one.dim(0))));
        }
    }
}
