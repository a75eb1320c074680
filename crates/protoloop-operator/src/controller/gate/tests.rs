use super::*;
use crate::children::Content;

fn release(text: &str) -> Release {
    let file = ("a.proto".to_owned(), text.to_owned());
    Release::new("shop", Content::Files([file].into()))
}

#[test]
fn what_was_served_is_remembered_once_and_not_for_ever() {
    let (a, b) = (release("a"), release("b"));
    let mut all = revisions(Vec::new(), Some(&a), "1");
    all = revisions(all, Some(&a), "2");
    all = revisions(all, Some(&b), "3");
    all = revisions(all, Some(&a), "4");
    let names: Vec<_> = all.iter().map(|one| (&*one.name, &*one.created)).collect();
    assert_eq!(names, [(&*a.digest, "4"), (&*b.digest, "3")]);
    all = revisions(all, None, "5");
    assert_eq!(all.len(), 2);
    for number in 0..20 {
        all = revisions(all, Some(&release(&number.to_string())), "6");
    }
    assert_eq!(all.len(), KEPT);
}
