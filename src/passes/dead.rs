//! Drops the operations of which no result reaches an output, and results at the end of a node's
//! list that nothing takes (a pool need not keep indices that no one reads).

use crate::graph::Graph;

/// Keeps the nodes that an output needs, in their order. Values and stored tensors keep their
/// identities.
pub fn run(graph: &mut Graph) {
    let mut needed = vec![false; graph.values.len()];
    for (_, value) in &graph.outputs {
        needed[value.0 as usize] = true;
    }
    // Backwards, since a node's uses all come after it.
    let mut nodes = Vec::with_capacity(graph.nodes.len());
    while let Some(mut node) = graph.nodes.pop() {
        if node.outputs.iter().any(|value| needed[value.0 as usize]) {
            for value in &node.inputs {
                needed[value.0 as usize] = true;
            }
            while node.outputs.len() > 1
                && node
                    .outputs
                    .last()
                    .is_some_and(|value| !needed[value.0 as usize])
            {
                node.outputs.pop();
            }
            nodes.push(node);
        }
    }
    nodes.reverse();
    graph.nodes = nodes;
}

#[cfg(test)]
mod tests {
    use crate::graph::fake::{Build, Fake};

    #[test]
    fn keeps_what_an_output_needs() {
        let mut build = Build::new();
        let x = build.input("x", &[4]);
        let kept = build.node(Fake::Double, &[x])[0];
        let lost = build.node(Fake::Negate, &[kept])[0];
        build.node(Fake::Double, &[lost]);
        let counted = build.node(Fake::Count, &[kept]);
        let picked = build.node(Fake::Pick, &[counted[1], kept])[0];
        let mut graph = build.finish(&[picked]);
        super::super::run(&mut graph);
        let names: Vec<_> = graph.nodes.iter().map(|node| &*node.name).collect();
        assert_eq!(names, ["double_0", "count_3", "pick_4"]);
    }
}
