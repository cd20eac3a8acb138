package dev.twofold.passes;

import static dev.twofold.passes.Decoders.facts;
import static dev.twofold.passes.Decoders.run;
import static dev.twofold.passes.Decoders.sixteen;
import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.layers.LayerWindow;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.PairLayers.Form;
import dev.twofold.passes.rewrite.Widen;
import dev.twofold.passes.shard.Shard;
import dev.twofold.shard.RankDecoder;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The pass that cuts over devices, on a model of 4 heads, 2 KV heads and a feed-forward of 704. */
final class ShardTest {

    private static final Pass FOLD = FoldNorms.SPEC.factory().apply(new PassSpec.NoOptions());
    private static final Pass WIDEN = Widen.SPEC.factory().apply(new PassSpec.NoOptions());

    private static Shard shard(int devices, Placement placement) {
        return new Shard(new Shard.Options(devices, placement, false));
    }

    private static PairLayers pair(Form form, int group) {
        return new PairLayers(new PairLayers.Options(null, new LayerWindow(2, 2 + 3 * group), group, form));
    }

    private static Facts paired(Form form, int group) {
        return pair(form, group).simulate(facts());
    }

    private static Attention attention(Decoder decoder, int step) {
        return (Attention) decoder.steps().get(step).branches().get(0).body();
    }

    private static FeedForward feedForward(Decoder decoder, int step) {
        return (FeedForward) decoder.steps().get(step).branches().get(0).body();
    }

    private static String refusal(Shard shard, Facts facts) {
        NotApplicable reason = shard.check(facts).orElseThrow();
        return reason.reason() + "; " + reason.hint();
    }

    @Test
    void decides_the_cut_and_leaves_the_steps_alone() {
        Decoder before = sixteen();
        Decoder after = run(before, shard(2, Placement.HEADS));
        assertThat(after.sharding().orElseThrow().devices()).isEqualTo(2);
        assertThat(after.steps()).isEqualTo(before.steps());
    }

    @Test
    void does_not_fire_for_one_device() {
        assertThat(shard(1, Placement.HEADS).check(facts())).isEmpty();
        assertThat(run(sixteen(), shard(1, Placement.HEADS))).isEqualTo(sixteen());
    }

    @Test
    void does_not_apply_twice() {
        Facts sharded = facts().with(Set.of(Property.SHARDED), Set.of());
        assertThat(refusal(shard(2, Placement.HEADS), sharded)).contains("sharded already");
    }

    @Test
    void layers_are_not_rearranged_after_it() {
        Facts sharded = facts().with(Set.of(Property.SHARDED), Set.of());
        assertThat(pair(Form.TWO_SYNC, 2).check(sharded).map(NotApplicable::hint))
                .contains("put it before the pass that shards");
    }

    @Test
    void names_the_numbers_that_work() {
        assertThat(refusal(shard(3, Placement.HEADS), facts()))
                .contains("layer 0 has 4 attention heads, 2 KV heads and a feed-forward of 704")
                .contains("use one of these numbers of devices: 2, 4");
    }

    @Test
    void gives_the_layers_of_pairs_more_devices_than_there_are_heads() {
        Facts everyLayerPaired = new PairLayers(new PairLayers.Options(null, new LayerWindow(0, 16), 2, Form.TWO_SYNC))
                .simulate(facts());
        assertThat(shard(8, Placement.LAYERS).check(everyLayerPaired)).isEmpty();
        assertThat(refusal(shard(8, Placement.HEADS), everyLayerPaired))
                .contains("use one of these numbers of devices: 2, 4; with placement layers: 2, 4, 8");
    }

    @Test
    void a_group_of_three_does_not_share_two_devices_by_layers() {
        assertThat(refusal(shard(2, Placement.LAYERS), paired(Form.TWO_SYNC, 3)))
                .contains("2 devices are no multiple of the 3 layers of the group [2, 3, 4]")
                .contains("no number of devices works with placement layers; with placement heads: 2, 4");
    }

    @Test
    void one_sync_groups_need_a_device_for_each_layer() {
        Facts facts = paired(Form.ONE_SYNC, 2);
        assertThat(shard(2, Placement.LAYERS).check(facts)).isEmpty();
        assertThat(refusal(shard(4, Placement.LAYERS), facts)).contains("needs a device for each of its 2 layers");
        assertThat(refusal(shard(2, Placement.HEADS), facts))
                .contains("cannot be cut")
                .contains("no number of devices works with placement heads; with placement layers: 2");
    }

    @Test
    void a_vocabulary_that_does_not_divide_is_refused() {
        Facts facts = facts();
        Facts odd = new Facts(
                facts.layers(),
                facts.groups(),
                facts.properties(),
                new Facts.Sizes(4097, facts.sizes().layers()));
        Shard shard = new Shard(new Shard.Options(2, Placement.HEADS, true));
        assertThat(shard.check(facts)).isEmpty();
        assertThat(refusal(shard, odd)).contains("the vocabulary of 4097 does not divide over 2 devices");
    }

    @Test
    void by_heads_a_device_has_its_share_of_every_layer_of_a_widened_pair() {
        Decoder sharded = run(sixteen(), pair(Form.TWO_SYNC, 2), FOLD, WIDEN, shard(2, Placement.HEADS));
        Decoder part = RankDecoder.of(sharded, 1);
        assertThat(attention(part, 4).members())
                .containsExactly(new Attention.Heads(2, 2, 1), new Attention.Heads(3, 2, 1));
        assertThat(feedForward(part, 5).width()).isEqualTo(704);
        assertThat(part.steps()).hasSameSizeAs(sharded.steps());
    }

    @Test
    void by_layers_the_layers_of_a_pair_have_devices_of_their_own() {
        Decoder sharded = run(sixteen(), pair(Form.TWO_SYNC, 2), FOLD, WIDEN, shard(4, Placement.LAYERS));
        List<Decoder> parts = RankDecoder.all(sharded);
        assertThat(parts)
                .extracting(part -> attention(part, 4).members().get(0))
                .containsExactly(
                        new Attention.Heads(2, 2, 1),
                        new Attention.Heads(2, 2, 1),
                        new Attention.Heads(3, 2, 1),
                        new Attention.Heads(3, 2, 1));
        assertThat(attention(parts.get(3), 0).members()).containsExactly(new Attention.Heads(0, 1, 1));
    }

    @Test
    void by_layers_a_group_that_was_not_widened_is_dealt_branch_by_branch() {
        Decoder sharded = run(sixteen(), pair(Form.TWO_SYNC, 2), shard(2, Placement.LAYERS));
        for (int rank = 0; rank < 2; rank++) {
            Decoder part = RankDecoder.of(sharded, rank);
            for (int step = 4; step < 6; step++) {
                assertThat(part.steps().get(step).branches())
                        .extracting(Branch::origin)
                        .extracting(origin -> origin.layers())
                        .containsExactly(List.of(2 + rank));
            }
        }
    }

    @Test
    void a_one_sync_layer_stays_whole_on_its_device() {
        Decoder sharded = run(sixteen(), pair(Form.ONE_SYNC, 2), shard(2, Placement.LAYERS));
        Branch first = sharded.steps().get(4).branches().get(1);
        Branch part = RankDecoder.of(sharded, 1).steps().get(4).branches().get(0);
        assertThat(part.body()).isInstanceOf(Chain.class).isEqualTo(first.body());
    }

    @Test
    void kv_heads_are_replicated_where_devices_outnumber_them() {
        List<Decoder> parts = RankDecoder.all(run(sixteen(), shard(4, Placement.HEADS)));
        List<Weight> keys =
                parts.stream().map(part -> attention(part, 0).key().weight()).toList();
        assertThat(keys.get(0)).isEqualTo(keys.get(1)).isNotEqualTo(keys.get(2));
        assertThat(keys.get(2)).isEqualTo(keys.get(3));
    }

    @Test
    void the_parts_of_a_projection_are_the_projection() {
        Decoder whole = sixteen();
        List<Decoder> parts = RankDecoder.all(run(whole, shard(2, Placement.HEADS)));
        Weight queries = Weights.stack(
                0,
                parts.stream().map(part -> attention(part, 0).query().weight()).toList());
        assertThat(queries.shape())
                .isEqualTo(attention(whole, 0).query().weight().shape());
        long columns = parts.stream()
                .mapToLong(part -> feedForward(part, 1).down().weight().shape().dim(1))
                .sum();
        assertThat(columns).isEqualTo(704);
        assertThat(parts).extracting(Decoder::embedding).containsOnly(whole.embedding());
    }

    @Test
    void an_embedding_that_is_cut_stays_tied_to_the_head() {
        Decoder sharded = new Shard(new Shard.Options(2, Placement.HEADS, true)).run(sixteen(), Decoders.CONTEXT);
        Decoder part = RankDecoder.of(sharded, 1);
        assertThat(part.tied()).isTrue();
        assertThat(part.embedding().table().shape().dim(0)).isEqualTo(2048);
        assertThat(Optional.of(part.allReduces())).contains(33);
    }
}
